"""The part of the service that a path belongs to, as the metrics tell it apart."""

import re

PARTS = {
    "monitoring": r"/(?:health/|metrics$)",
    "static": r"/static/",
    "records_api": r"/api/v1/(?:infusions|imports|referrals|questions|me)(?:/|$)",
    "public_api": r"/api(?:/|-info$)",
    "clinic": r"/(?:en/)?clinic/",
    "accounts": r"/(?:en/)?accounts/",
    "admin": r"/admin/",
}
PUBLIC_PAGES = "public_pages"
_PART = re.compile("|".join(f"(?P<{part}>{pattern})" for part, pattern in PARTS.items()))


def part_of(path: str) -> str:
    """One of the parts, public_pages for every other path."""
    found = _PART.match(path)
    return (found and found.lastgroup) or PUBLIC_PAGES
