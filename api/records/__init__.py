"""The signed-in side of the API: records of the caller's centres."""
