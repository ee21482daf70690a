"""What an operator runs on the server."""
