"""PUBLIC: the map, its tables and releases, from the published snapshot alone."""
