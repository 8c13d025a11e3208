"""Thin adapters between Dagster and the plain objects of Forge. The only part of this package that imports Dagster."""
