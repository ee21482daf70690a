"""Persons: looking up, merging, moving, erasing."""
