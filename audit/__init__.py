"""`make audit`: what the service is made of, and whether each part of it may and can be trusted."""
