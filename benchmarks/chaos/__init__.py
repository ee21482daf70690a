"""Random faults on a running service under work, and what became of everything that it acknowledged."""
