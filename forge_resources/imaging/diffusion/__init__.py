"""The image engine `diffusers`: diffusion models of the catalogue, from an order to a plate.

What belongs here: what a model takes, loading and running it. What does not: which models there are and where their
weights lie (see `forge_resources.models`), or words for prompts (see `imaging.prompts`).
"""
