"""Drawing the map and the charts as SVG, from published documents."""
