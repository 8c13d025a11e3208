"""Benches: each prints what it measured beside its reference in the same run. None of them is a test."""
