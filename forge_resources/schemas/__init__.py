"""The documents that pass between the parts of Forge, as Pydantic models. No behaviour beyond validation."""
