"""What each process may do in PostgreSQL, whatever the code asks for: roles, grants and policies."""
