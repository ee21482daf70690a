"""What the signed-in API promises, as OpenAPI: bodies, responses and examples."""
