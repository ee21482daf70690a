"""One infusion: its columns, read, judged, recorded, corrected, exported."""
