"""What serves responses: middleware, cached responses of a snapshot."""
