"""Engines for tests of the GPU host."""
