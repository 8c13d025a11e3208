"""Text engines: concept, culture notes and script."""
