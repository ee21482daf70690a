"""Sign-in: what is ours beside allauth."""
