"""The table of security headers, written by hand: every route, and what its responses carry.

A route stands in one row, by its name or by a pattern of names. docs/headers.md repeats the table.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase

PUBLIC_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; font-src 'self'; "
    "connect-src 'self'; frame-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors *"
)
CLOSED_PAGE = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; "
    "connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
NO_PAGE = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PDF = "default-src 'none'; object-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
DRAWING = (
    "default-src 'none'; style-src 'sha256-…'; font-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors *"
)
DOCUMENT = (
    "default-src 'none'; script-src 'self' 'sha256-…'; style-src 'self'; "
    "style-src-attr 'unsafe-hashes' 'sha256-…'; img-src 'self' data:; connect-src 'self'; "
    "worker-src 'self' blob:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)

# On every response. A value that a row names otherwise is that row's.
ALWAYS = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Permissions-Policy": "browsing-topics=(), camera=(), geolocation=(), microphone=(), payment=(), usb=()",
}
SHARED = "public, max-age=60, stale-while-revalidate=600"
NEVER = "max-age=0, no-cache, no-store, must-revalidate, private"
OF_A_SNAPSHOT = "Accept, Accept-Encoding, Accept-Language"


@dataclass(frozen=True)
class Group:
    """Routes whose responses carry the same: what others may do with them, and how long a 200 is kept.

    routes: names, or patterns of them. page: the policy of HTML. vary: of a 200.
    """

    name: str
    routes: tuple[str, ...]
    page: str
    resource: str  # Cross-Origin-Resource-Policy
    kept: tuple[str, ...]
    vary: tuple[str, ...]


def both(*names: str) -> tuple[str, ...]:
    """In both languages."""
    return tuple(f"{name}-{language}" for name in names for language in ("sv", "en"))


GROUPS = (
    Group(
        "public pages",
        both("map", "explore", "compare", "atmp", "embed", "embedding", "counting", "reconciliation", "freshness",
             "sharing", "accessibility", "privacy", "releases", "releases-feed", "release", "card",
             "release-card"),
        PUBLIC_PAGE, "cross-origin", (SHARED,), (OF_A_SNAPSHOT,),
    ),
    Group(
        "files of releases", ("release-file",),
        PUBLIC_PAGE, "cross-origin", ("public, max-age=31536000, immutable",), ("",),
    ),
    Group("for search engines", ("robots", "sitemap"), PUBLIC_PAGE, "cross-origin", ("no-store",), ("",)),
    Group(
        "public API",
        ("api-info", *(f"api:{name}" for name in (
            "map", "map-file", "counts", "counts-file", "atmp-*", "centres", "categories", "products",
            "indications", "trials", "measures", "snapshots", "snapshot", "changes", "releases", "release",
            "release-changes",
            "catalogue", "catalogue-file", "measure-reports", "measure-report", "api-info", "config",
            "schema", "not-found",
        ))),
        CLOSED_PAGE, "cross-origin", (SHARED,), (OF_A_SNAPSHOT,),
    ),
    Group(
        "what changes at any time", ("api:status", "api:docs"), CLOSED_PAGE, "cross-origin", ("no-store",),
        ("", "Cookie"),
    ),
    Group("monitoring", ("live", "ready", "deep", "metrics"), CLOSED_PAGE, "same-origin", ("no-store",), ("",)),
    Group(
        "API for records",
        tuple(f"api:{name}" for name in (
            "infusions", "infusion", "infusion-history", "imports", "import", "referrals", "referral", "questions",
            "question", "question-messages", "question-close", "me",
        )),
        CLOSED_PAGE, "same-origin", ("no-store",), ("Authorization, Cookie",),
    ),
)  # fmt: skip
SIGNED_IN = (
    Group(
        "pages and files for those who sign in",
        ("clinic:*", "account*", "mfa_*", "invitation*", "openid_connect_*", "socialaccount_*"),
        CLOSED_PAGE, "same-origin", (NEVER, "no-store"), ("Cookie",),
    ),
    Group(
        "the administration, in the browser's language", ("admin:*",),
        CLOSED_PAGE, "same-origin", (NEVER, "no-store"), ("Cookie, Accept-Language", "Accept-Language, Cookie"),
    ),
)  # fmt: skip
OWN_REFERRER = {"invitation-link": "no-referrer"}  # its address is a secret


def group_of(route: str) -> Group:
    """The row in which a route stands. Raises ValueError unless it is one."""
    (group,) = [one for one in (*GROUPS, *SIGNED_IN) if any(fnmatchcase(route, name) for name in one.routes)]
    return group


def policy_of(group: Group, status: int, content_type: str) -> str:
    """The Content-Security-Policy of a response; `sha256-…` stands for every hash."""
    kind = content_type.partition(";")[0]
    page = group.page if status < 400 else CLOSED_PAGE
    return {"text/html": page, "image/svg+xml": DRAWING, "application/pdf": PDF}.get(kind, NO_PAGE)


def limits_of(group: Group, status: int, content_type: str) -> Mapping[str, str]:
    """Every header that limits a browser, of a response by a route of the group."""
    if status == 304:  # the rest is as it came with the content
        return ALWAYS | {"Cross-Origin-Resource-Policy": group.resource}
    policy = policy_of(group, status, content_type)
    frame = {"X-Frame-Options": "DENY"} if "frame-ancestors 'none'" in policy else {}
    return ALWAYS | frame | {"Cross-Origin-Resource-Policy": group.resource, "Content-Security-Policy": policy}
