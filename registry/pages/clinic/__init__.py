"""The clinic's pages: entry of infusions, worklists and the steward's desk."""
