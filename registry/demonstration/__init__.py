"""The code lists, and the made-up records that give the published figure of 8 September 2025."""
