"""Whose request it is, behind the proxies that the settings count."""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address

from django.conf import settings


def address_of(meta: Mapping) -> str:
    """The client's address by the request's headers.

    Each proxy appends to X-Forwarded-For whom it was asked by, so the client stands as many places from the end as
    there are proxies. What stands before may have been made up. With fewer entries the request has not come
    through all of them, and counts as the sender's of the connection.
    """
    told = meta.get("HTTP_X_FORWARDED_FOR", "").split(",")
    direct: str = meta.get("REMOTE_ADDR", "")
    if settings.PROXIES and len(told) >= settings.PROXIES:
        return _plain(told[-settings.PROXIES]) or direct
    return direct


def _plain(text: str) -> str:
    """The address without port, brackets and zone; empty if it is none."""
    text = text.strip()
    if text.startswith("[") or text.count(":") == 1:  # [::1]:443, 192.0.2.1:443
        text = text.rpartition(":")[0] if not text.endswith("]") else text
    try:
        found: IPv4Address | IPv6Address = ip_address(text.strip("[]").partition("%")[0])
    except ValueError:
        return ""
    return str(getattr(found, "ipv4_mapped", None) or found)
