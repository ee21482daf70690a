"""By what the numbers of a cell can have moved from one release to the next."""

CAUSES = ("new", "corrected", "withdrawn", "merged")
