"""What starts a demonstration on one machine: servers from wheels, processes, the demo command."""
