"""Which years and centres are complete, by what each centre has attested (decision 0048).

Only active centres are waited for: an upcoming one has no infusions, a paused or closed one has no new ones.
A centre is any mapping with `status` and `complete_through`, as in a map document or a code list; the
`coverage` of counts holds active ones alone.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence

from registry.choices import CentreStatus


def is_waited_for(centre: Mapping) -> bool:
    """Whether a centre is active: its records are complete as far as it attests."""
    return centre.get("status", CentreStatus.ACTIVE) == CentreStatus.ACTIVE


def list_lagging(centres: Iterable[Mapping], day: str) -> list[Mapping]:
    """The active centres that have not attested that their records are complete through a day (ISO 8601)."""
    return [centre for centre in centres if is_waited_for(centre) and (centre.get("complete_through") or "") < day]


def is_complete(centres: Iterable[Mapping], period: str, as_of: str | None = None) -> bool:
    """Whether a year ("2025") or month ("2025-09") is shown to its end, and attested by every active centre."""
    end = end_of(period)
    return (as_of is None or as_of >= end) and not list_lagging(centres, end)


def end_of(period: str) -> str:
    """The last day of a year or month."""
    year, month = (*map(int, period.split("-")), 12)[:2]
    return f"{year:04}-{month:02}-{monthrange(year, month)[1]}"


def find_common_day(centres: Sequence[Mapping]) -> str | None:
    """The day through which every active centre's records are complete; None where one has attested nothing."""
    days = [centre.get("complete_through") or "" for centre in centres if is_waited_for(centre)]
    return min(days, default="") or None
