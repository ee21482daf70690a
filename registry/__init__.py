"""The registry: its records, and the numbers published from them."""
