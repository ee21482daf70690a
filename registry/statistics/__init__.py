"""Counts by COUNTING.md: facts in, proven and published numbers out."""
