"""Importing an uploaded file: received, staged, judged, stored, reported."""
