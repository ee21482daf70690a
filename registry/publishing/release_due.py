"""When a release is due: every active centre has attested a quarter that no release holds whole."""

from collections.abc import Iterable, Mapping
from datetime import date, timedelta

from registry.completeness import find_common_day
from registry.errors import NotPublished, Withheld
from registry.models import Release
from registry.published.disclosure import require_exact
from registry.published.queries import read_map


def read_due_release() -> date | None:
    """The last day of the latest quarter that the registry holds whole and the latest release does not.

    None where there is none, nothing is published, or the policy on small numbers lets no release be made.
    """
    try:
        require_exact()
        whole = last_whole_quarter(read_map(language="sv")["centres"])
    except (NotPublished, Withheld):
        return None
    latest = Release.objects.first()
    if latest and whole:
        held = last_whole_quarter(latest.documents["sv"]["centres"], until=latest.as_of)
        return whole if held is None or held < whole else None
    return whole


def last_whole_quarter(centres: Iterable[Mapping], *, until: date | None = None) -> date | None:
    """The last day of the latest quarter that every active centre has attested, and that ends by a day."""
    through = find_common_day(list(centres))
    if through is None:
        return None
    day = min(date.fromisoformat(through), until or date.max)
    after = day + timedelta(days=1)  # the day after a quarter's last is the first of the next
    begins = after.replace(month=after.month - (after.month - 1) % 3, day=1)
    return begins - timedelta(days=1)
