"""One person: looked up, merged, moved, erased."""
