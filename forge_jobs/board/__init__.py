"""The board: the pages on which producers see their briefs, approve storyboards and collect the deliverables.

What belongs here: pages drawn on the server, and the one thing that can be done there, approving. What does not: who
may come in (the reverse proxy says), or making anything.
"""
