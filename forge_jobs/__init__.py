"""Definitions, jobs and the forge command: what a person or a daemon sets in motion."""
