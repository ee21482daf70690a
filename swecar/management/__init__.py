"""Commands in place of those of other applications."""
