"""Image engines: plates, and the way from script rows to what they show."""
