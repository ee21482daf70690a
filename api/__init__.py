"""HTTP only: the public and the signed-in interface."""
