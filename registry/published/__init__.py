"""PUBLIC: reads the published snapshot and no record."""
