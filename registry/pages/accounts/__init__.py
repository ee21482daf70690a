"""Sign-in: the registry's additions to allauth."""
