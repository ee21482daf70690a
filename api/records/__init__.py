"""The signed-in API: records of the caller's centres."""
