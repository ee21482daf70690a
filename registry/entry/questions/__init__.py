"""Questions between clinics and the registry's steward, and what they settle."""
