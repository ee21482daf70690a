"""The steward's desk with a million infusions, those that `counting` has filled in before."""

from collections.abc import Iterator

from benchmarks.clinic import add_identifiers, measure_desk
from benchmarks.results import Result
from benchmarks.serving import serve
from registry.models import Infusion


def measure(*, small: bool) -> Iterator[Result]:
    """Milliseconds of the page; nothing for the small benchmarks."""
    if small:
        return
    if Infusion.objects.count() != 1_000_000:
        raise AssertionError("`counting` comes before and leaves a million infusions")
    add_identifiers()
    with serve("swecar.settings") as port:
        yield from measure_desk(port, ", a million", goal="<= 300")
