"""Motion engines: camera moves and clips."""
