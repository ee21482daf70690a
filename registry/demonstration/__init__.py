"""The code lists, and made-up records that give the figure published on 8 September 2025."""
