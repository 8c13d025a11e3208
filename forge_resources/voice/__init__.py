"""Voice engines: spoken lines."""
