"""Models: which there are (the catalogue), where their weights come from, and what is installed here.

What belongs here: data about models and the files of models. What does not: running one (see `imaging.diffusion`).
"""
