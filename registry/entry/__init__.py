"""The write path: record, correct, withdraw, merge, erase, import."""
