"""The public side of the API: published snapshots, and no record."""
