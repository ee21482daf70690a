"""Drawing the map: projection, geometry, placement of the callouts, SVG. Knows documents, never records."""
