"""What is found of a number that others state, beside the registry's, and how it is written."""

from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal
from enum import StrEnum

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from registry.published.atmp import read_all
from registry.published.atmp_file import Report, TrialList
from registry.published.atmp_query import TrialQuery
from registry.wording import say_number

TWO, TENTH = Decimal("0.01"), Decimal("0.1")


class Verdict(StrEnum):
    """What is found of a printed number."""

    EQUAL = "equal"
    EXPLAINED = "explained"
    DIFFERENT = "different"
    NOT_COMPARED = "not compared"


@dataclass(frozen=True)
class Told:
    """A printed number: of what, the registry's or "", what is found, and the arithmetic in words or ""."""

    what: str
    printed: str
    registry: str
    verdict: Verdict
    why: str = ""


class Ours:
    """The registry's numbers as of a file's day, and names in a language."""

    def __init__(self, read: Report | TrialList, language: str, number: int | None):
        day, self.language = read.as_of, language
        both = ("trials", "site_trials")
        counties = read.counties if isinstance(read, Report) else ()
        found = read_all(
            {
                "counties": TrialQuery((), both, {"county": counties} if counties else {}, day, rates=True),
                "nation": TrialQuery((), (*both, "ever"), as_of=day),
                "centre": TrialQuery(("centre",), ("trials", "ever"), as_of=day),
                "centre,class": TrialQuery(("centre", "class"), ("trials",), as_of=day),
                "within": TrialQuery(
                    ("centre",), ("site_trials",), {"county": counties} if counties else {}, as_of=day
                ),
            },
            as_of=day,
            number=number,
        )
        counts = found["counts"]
        self.counties, self.nation = counts["counties"]["total"], counts["nation"]["total"]
        self.centres = {row["centre"]: row for row in counts["centre"]["rows"]}
        self.within = {row["centre"]: row["site_trials"] or 0 for row in counts["within"]["rows"]}
        self.classes = {(row["centre"], row["class"]): row["trials"] for row in counts["centre,class"]["rows"]}
        self.sites = {row["site"]: row for row in found["manufacturing"]["rows"]}
        self.exemption = found["exemption"]["rows"]
        self._cities = {centre["code"]: centre["city"][language] for centre in found["lists"]["centres"]}
        self._names = {site["code"]: site["name"] for site in found["lists"]["manufacturing_sites"]}

    def name(self, code: str) -> str:
        """A hospital by its city, or a manufacturing site."""
        return self._cities.get(code) or self._names.get(code, code)


def compare(what: str, printed: int, found: int | None, why: str = "", *, explained: bool = False) -> Told:
    """A number and the registry's: None where it has none. explained: why says more than that they are equal."""
    if found is None:
        return Told(what, say_number(printed), "", Verdict.NOT_COMPARED, why)
    verdict = Verdict.EQUAL if printed == found else Verdict.DIFFERENT
    if explained and verdict is Verdict.EQUAL:
        verdict = Verdict.EXPLAINED
    return Told(what, say_number(printed), say_number(found), verdict, why)


def round_like(number: Decimal, like: Decimal) -> Decimal:
    """A number with as many decimals as another, half up."""
    return number.quantize(like, ROUND_HALF_UP)


def say_decimal(number: Decimal) -> str:
    """A number with its decimals as printed, and none that say nothing behind a computed one."""
    exponent = number.as_tuple().exponent
    return number_format(number, -exponent if isinstance(exponent, int) and exponent < 0 else 0, use_l10n=True)


def say_about(number: int | None, about: bool) -> str:
    return _("about %(number)s") % {"number": say_number(number)} if about else say_number(number)


def add_up(numbers: Iterable[int]) -> str:
    """As "8 + 13 + 8 = 29"."""
    found = list(numbers)
    return f"{' + '.join(map(say_number, found))} = {say_number(sum(found))}"
