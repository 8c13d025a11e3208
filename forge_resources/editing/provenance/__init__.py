"""Provenance: what made a deliverable, signed into it and written beside it."""
