"""Takes: several candidates for a shot, what is measured of them, and which one is cut in.

What belongs here: measuring, scoring, choosing. What does not: making pictures, or gates.
"""
