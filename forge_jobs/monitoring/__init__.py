"""Watching a deployment: the state of every cell, counts of what ended, and how Prometheus is told.

What belongs here: reading the event log and the store. What does not: changing either, or drawing pages (see `board`).
"""
