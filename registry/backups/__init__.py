"""Backups that only their recipients can open, and restores that prove themselves."""
