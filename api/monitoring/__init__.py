"""Health checks and metrics, mounted at the root: no part of api/v1."""
