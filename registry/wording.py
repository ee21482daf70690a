"""The words and numbers of a map document for display, in the current language."""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.utils.dateformat import format as format_date
from django.utils.formats import number_format
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.choices import DatePrecision
from registry.dates import STOCKHOLM, read_date

LICENCE = "CC BY 4.0"  # of the published numbers; the map's licences are in NOTICE
MAP_ADDRESS = "/api/v1/map"  # the same numbers through the API, relative to the registry's host
WITHHELD = ".."  # in place of a number or date that the policy withholds: neither zero nor missing
TABLE_MEASURES = ("patients", "reinfusions", "further_doses", "infusions")  # columns, after the first infusion
FIRST_FORMATS = {DatePrecision.YEAR: "Y", DatePrecision.MONTH: "F Y", DatePrecision.DAY: "j F Y"}


@dataclass(frozen=True)
class Line:
    """One line under a centre: `mark` is a category's code or "site"; lines may break between `values`."""

    mark: str
    name: str
    detail: str
    values: tuple[str, ...]


@dataclass(frozen=True)
class CentreText:
    """A centre's texts for its callout and its card.

    total is shown beside the city, or number where there is no room for it; note is below, and complete (through
    which day the records are complete) only on the card.
    """

    code: str
    city: str
    name: str
    total: str
    number: str
    note: str
    complete: str
    lines: tuple[Line, ...]


def describe_centres(document: dict) -> list[CentreText]:
    """The texts of every centre of a map document, in its order."""
    return [_describe_centre(centre, document["manufacturing"]) for centre in document["centres"]]


def _describe_centre(centre: dict, manufacturing: list[dict]) -> CentreText:
    categories = [
        Line(
            cell["category"],
            cell["category"],
            say_since(cell["first"]),
            tuple(filter(None, (say_patients(cell["patients"]), *say_repeats(cell)))),
        )
        for cell in centre["categories"]
    ]
    sites = [
        Line(
            "site",
            site["name"],
            _("manufacture"),
            (_("for %(infusions)s") % {"infusions": say_infusions(site["manufactured"])},),
        )
        for site in manufacturing
        if site["centre"] == centre["code"]
    ]
    return CentreText(
        code=centre["code"],
        city=centre["city"],
        name=centre["name"],
        total=say_total(centre),
        number=say_short(centre),
        note=say_note(centre),
        complete=say_complete(centre),
        lines=(*categories, *sites),
    )


def is_awaited(centre: dict) -> bool:
    """Whether a centre is upcoming, and so has a word instead of numbers."""
    return centre["status"] == "upcoming" and centre["infusions"] == 0


def say_total(centre: dict) -> str:
    """Return the text beside the city: infusions, or why there are none."""
    if is_awaited(centre):
        return _("upcoming centre")
    return _("no infusions yet") if centre["infusions"] == 0 else say_infusions(centre["infusions"])


def say_short(centre: dict) -> str:
    """Return only the number of infusions, "–" for none, or that the centre is upcoming."""
    if is_awaited(centre):
        return _("upcoming")
    return "–" if centre["infusions"] == 0 else say_number(centre["infusions"])


def say_note(centre: dict) -> str:
    """Return notes on a centre: persons in two categories, its status."""
    whole = _("%(patients)s in all") % {"patients": say_patients(centre["patients"])}
    return ", ".join(filter(None, (whole if "patients_summed" in centre else "", say_status(centre))))


def say_status(centre: dict) -> str:
    """Return "paused at present" or "closed", or ""."""
    return {"paused": _("paused at present"), "closed": _("closed")}.get(centre["status"], "")


def say_complete(centre: dict) -> str:
    """Return "Complete through 31 October 2026", or "" where the centre has not stated it."""
    day = centre.get("complete_through")  # missing in older snapshots
    return _("Complete through %(date)s") % {"date": say_date(day)} if day else ""


def say_patients(count: int | None) -> str:
    """Return "69 patients"."""
    return ngettext("%(count)s patient", "%(count)s patients", _many(count)) % {"count": say_number(count)}


def say_people(count: int | None) -> str:
    """Return "69 people", for a total in which each is counted once."""
    return ngettext("%(count)s person", "%(count)s people", _many(count)) % {"count": say_number(count)}


def say_infusions(count: int | None) -> str:
    """Return "91 infusions"."""
    return ngettext("%(count)s infusion", "%(count)s infusions", _many(count)) % {"count": say_number(count)}


def say_further_doses(count: int | None) -> str:
    """Return "1 further dose"."""
    words = ngettext("%(count)s further dose", "%(count)s further doses", _many(count))
    return words % {"count": say_number(count)}


def say_repeats(cell: dict) -> list[str]:
    """Return what a cell has besides first infusions, as ["5 RI", "1 further dose"]; empty for none."""
    repeats = []
    if cell["reinfusions"] != 0:
        repeats.append(_("%(count)s RI") % {"count": say_number(cell["reinfusions"])})
    if cell["further_doses"] != 0:
        repeats.append(say_further_doses(cell["further_doses"]))
    return repeats


def say_number(count: int | None) -> str:
    """Return a whole number with the language's thousands separator; WITHHELD for None."""
    return WITHHELD if count is None else number_format(count, use_l10n=True, force_grouping=True)


def _many(count: int | None) -> int:
    """The number that selects singular or plural: plural beside a withheld number."""
    return 2 if count is None else count


def say_first(first: str | None) -> str:
    """Return a first date in its precision: "2014", "December 2023", "5 December 2023", or ""."""
    if first is None:
        return ""
    day, precision = read_date(first)
    return format_date(day, FIRST_FORMATS[precision])


def say_measured(measure: str, value: Any, *, withheld: bool = False) -> str:
    """Return a number, or a first date: "–" where nothing is counted, and WITHHELD for what is not told."""
    if measure == "first":
        return say_first(value) or (WITHHELD if withheld else "–")
    return say_number(value)


def say_first_of(counted: dict) -> str:
    """Return a cell's first date as say_measured does."""
    return say_measured("first", counted["first"], withheld=bool(counted.get("suppressed")))


def say_table_cells(counted: dict) -> tuple[str, ...]:
    """Return a cell's numbers in the order of TABLE_MEASURES."""
    return tuple(say_number(counted[name]) for name in TABLE_MEASURES)


def say_since(first: str | None) -> str:
    """Return "since December 2023", or "" where nothing is counted."""
    return _("since %(date)s") % {"date": say_first(first)} if first else ""


def say_date(iso: str) -> str:
    """Return "8 September 2025" for an ISO date."""
    return format_date(date.fromisoformat(iso), "j F Y")


def say_day(day: date) -> str:
    """Return "8 September"."""
    return format_date(day, "j F")


def say_batches(rule: dict | None) -> str:
    """Return the sentences on the rule by which new numbers are published (decision 0039); "" for None."""
    if rule is None:
        return ""
    days = [say_day(date.fromisoformat(f"2025-{day}")) for day in rule["publication_days"]]
    together = _(
        "New numbers are published together, so that none of them tells of a single person: once every change "
        "that a table shows is of at least %(least)s persons. Until then the earlier numbers are shown."
    )
    on_days = _("On fixed days (%(days)s) one place in a table may show a change of fewer.")
    said = [together % {"least": say_number(rule["least_persons"])}]
    return " ".join(said + [on_days % {"days": ", ".join(days)}] * bool(days))


def say_month(month: str | None) -> str:
    """Return "September 2025" for "2025-09", or "–"."""
    return say_first(month) or "–"


def say_instant(iso: str) -> str:
    """Return "8 September 2025 12:00", in Swedish time, for an ISO instant with offset."""
    instant = datetime.fromisoformat(iso).astimezone(STOCKHOLM)
    return _("%(date)s %(hour)s:%(minute)s") % {
        "date": format_date(instant, "j F Y"),
        "hour": f"{instant:%H}",
        "minute": f"{instant:%M}",
    }


def say_outage(since: str) -> str:
    """Return the sentence of pages that are sent from memory; since is an ISO instant."""
    sentence = _(
        "The registry's database has not responded since %(since)s. These numbers are the last published ones "
        "that this server knows."
    )
    return sentence % {"since": say_instant(since)}


def say_lead(document: dict) -> list[str]:
    """Return the lines of the sentence about the nation's persons, after the day shown, if any."""
    national, as_of = document["national"], document["snapshot"]["as_of"]
    lines = [_("As of %(date)s.") % {"date": say_date(as_of)}] if as_of else []
    if national["infusions"] == 0:
        return [*lines, _("No infusion has been registered yet.")]
    return [
        *lines,
        _("%(people)s treated with CAR-T cells") % {"people": say_people(national["patients"])},
        *([_("since %(date)s.") % {"date": say_first(national["first"])}] if national["first"] else []),
    ]


def say_national(national: dict) -> list[tuple[int | None, str, str]]:
    """Return the national line: each number with its word and a remark or ""."""
    count = national["children"]
    children = ngettext("of whom %(count)s is a child", "of whom %(count)s are children", _many(count))
    remark = "" if national["patients"] == 0 else children % {"count": say_number(count)}
    return [
        (national["patients"], ngettext("patient", "patients", _many(national["patients"])), remark),
        (
            national["infusions"],
            ngettext("infusion", "infusions", _many(national["infusions"])),
            say_since(national["first"]),
        ),
        (
            national["reinfusions"],
            ngettext("reinfusion (RI)", "reinfusions (RI)", _many(national["reinfusions"])),
            "",
        ),
        (
            national["further_doses"],
            ngettext("further dose", "further doses", _many(national["further_doses"])),
            "",
        ),
    ]


def say_sources(document: dict) -> list[str]:
    """Return the lines under a figure: snapshot, source, licence."""
    snapshot = document["snapshot"]
    line = _("Snapshot %(number)s, built %(built)s (Swedish time)") % {
        "number": say_number(snapshot["number"]),
        "built": say_instant(snapshot["built_at"]),
    }
    if snapshot["data_through"]:
        line += _(", data through %(date)s") % {"date": say_first(snapshot["data_through"])}
    return [
        f"{line}. " + _("RI: reinfusion. The area of a circle is in proportion to the centre’s infusions."),
        _("Source: swecar. County boundaries: Statistics Sweden (SCB). Neighbouring countries: Natural Earth.")
        + " "
        + _("Licence of the numbers: %(licence)s.") % {"licence": LICENCE},
    ]


def say_citation(document: dict) -> str:
    """Return a sentence to cite the numbers by, and the address where they stay."""
    snapshot = document["snapshot"]
    day = snapshot["as_of"] or snapshot["data_through"] or snapshot["built_at"][:10]
    said = _(
        "Cite as: swecar, the national registry of CAR-T treatments in Sweden. Patients and infusions as of "
        "%(date)s, snapshot %(number)s (%(hash)s)."
    ) % {"date": say_first(day), "number": snapshot["number"], "hash": snapshot["hash"][:19]}
    return f"{said} {find_address(snapshot)}"


def find_address(snapshot: dict, *, host: str = "") -> str:
    """Return the URL of a map document's numbers, at a host or at the site's own."""
    asked = f"as_of={snapshot['as_of']}" if snapshot["as_of"] else f"snapshot={snapshot['number']}"
    return f"{host or settings.SITE_URL}{MAP_ADDRESS}?{asked}"


def list_words(words: Iterable[str]) -> str:
    """As "one, two and three"."""
    *parts, last = list(words)
    return _("%(parts)s and %(last)s") % {"parts": ", ".join(parts), "last": last} if parts else last
