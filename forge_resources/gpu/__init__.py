"""The one place where models live in memory: residence, host, worker, faults.

What belongs here: where a heavy engine runs, which models stay loaded, what that costs and what becomes of a job that
goes wrong. What does not: what an engine makes (see `imaging`, `writing`, `voice`, `motion`), and Dagster.
"""
