"""The one place where models live in memory. The embedded engines load none, so it is still empty."""
