"""Timelines for other editing systems: edit decision lists and XML."""
