"""How a response from memory is marked, while nobody can ask whether its snapshot is still current."""

import re
from datetime import datetime

from django.utils.html import format_html
from django.utils.translation import override

from registry.published.current_snapshot import print_instant
from registry.wording import say_outage

MAIN = re.compile(rb"<main[^>]*>")


def warn(since: datetime) -> dict[str, str]:
    """The headers of any response: Warning (RFC 7234, 5.5.3), and that it is asked for again each time."""
    said = f'111 swecar "Revalidation failed: the database has not responded since {print_instant(since)}"'
    return {"Warning": said, "Cache-Control": "no-cache"}


def tell_in_page(page: bytes, since: datetime, language: str) -> bytes:
    """The page with a sentence at the beginning of its content."""
    with override(language):
        sentence = say_outage(print_instant(since) or "")
    notice = format_html('<p class="outage" role="status">{}</p>', sentence)
    return MAIN.sub(lambda found: found[0] + b"\n" + notice.encode(), page, count=1)
