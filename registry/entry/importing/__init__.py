"""An uploaded file becomes infusions: received, judged, staged, stored, reported."""
