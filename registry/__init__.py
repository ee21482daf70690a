"""The registry: records go in at one end, proven numbers come out at the other."""
