"""Infusions: their columns, reading, judging, recording, correcting, exporting."""
