"""What leads state of trials at their hospitals, of the hospital exemption and of manufacture (ATMP.md)."""
