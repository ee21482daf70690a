"""docs/headers.md from header_table.py. `python -m tests.headers_page` writes it."""

from pathlib import Path

from tests.header_table import (
    ALWAYS,
    CLOSED_PAGE,
    DOCUMENT,
    DRAWING,
    GROUPS,
    NO_PAGE,
    PDF,
    PUBLIC_PAGE,
    SIGNED_IN,
    Group,
)

PAGE = Path(__file__).parents[1] / "docs" / "headers.md"
POLICIES = {
    PUBLIC_PAGE: ("public page", "HTML of the public pages below status 400, and the page that waits for numbers"),
    CLOSED_PAGE: ("closed page", "all other HTML: for those who sign in, the API's description, refusals"),
    DRAWING: ("drawing", "SVG; the hash of the styles within it"),
    PDF: ("PDF", "browsers show it as an object of a page of their own"),
    DOCUMENT: ("document", "these documents under `/docs/`; the hashes of what each page was made with"),
    NO_PAGE: (
        "no page",
        "everything else: JSON, CSV, workbooks, pictures, styles, scripts, metrics",
    ),
}
TOP = """# Headers

What every response tells a browser. `tests/test_headers.py` asks each route of the service, by each method of the
table of who gets what, as nobody and as an administrator, for 200, 302, 304, 400, 401, 403, 404, 405, 429, 500 and
503, and compares; a route that stands in no row fails. `swecar/http/browser_limits.py` sets them. This page is
written by `python -m tests.headers_page`.
"""
END = """
A 200 is kept as the table says; every other status is `no-store`. A 304 has no policy and no `X-Frame-Options`:
those that came with the content stay. Over HTTPS every response has `Strict-Transport-Security` of a year;
`HSTS_SUBDOMAINS` and `HSTS_PRELOAD` add to it. Static files are kept by `max-age`, in production for a year under
names by content, and are *no page* or *drawing*. The link of an invitation has `Referrer-Policy: no-referrer`.

What the web server cuts off before the service is asked (400, 408, 503) has the headers of *no page*. What it
cannot read as a request at all (400, 414, 431) has a status and no body.
"""


def write_page() -> str:
    """The whole page."""
    return "\n".join([TOP, *_always(), "", *_policies(), "", *_routes(), END])


def _always() -> list[str]:
    rows = [f"| `{name}` | `{value}` |" for name, value in ALWAYS.items()]
    frame = "| `X-Frame-Options` | `DENY` with a policy of `frame-ancestors 'none'`, else none |"
    return ["## On every response", "", "| header | value |", "| --- | --- |", *rows, frame]


def _policies() -> list[str]:
    rows = [f"| {name} | {what} | `{policy}` |" for policy, (name, what) in POLICIES.items()]
    return ["## Content-Security-Policy", "", "| name | of | policy |", "| --- | --- | --- |", *rows]


def _routes() -> list[str]:
    top = "| routes | HTML | Cross-Origin-Resource-Policy | Cache-Control of a 200 | Vary of a 200 |"
    return ["## Routes", "", top, "| --- | --- | --- | --- | --- |", *map(_row, (*GROUPS, *SIGNED_IN))]


def _row(group: Group) -> str:
    names = ", ".join(f"`{name}`" for name in group.routes)
    kept = " or ".join(f"`{value}`" for value in group.kept)
    vary = " or ".join(f"`{value}`" if value else "none" for value in group.vary)
    page = POLICIES[group.page][0]
    return f"| {group.name}: {names} | {page} | `{group.resource}` | {kept} | {vary} |"


if __name__ == "__main__":
    PAGE.write_text(write_page(), encoding="utf-8")
