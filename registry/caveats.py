"""What must be known to read published numbers, as sentences in the current language: on pages and in files."""

from collections import defaultdict
from collections.abc import Iterable, Mapping

from django.conf import settings
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.completeness import find_common_day, is_waited_for, list_lagging
from registry.map_cells import is_withheld
from registry.wording import (
    WITHHELD,
    is_awaited,
    say_batches,
    say_date,
    say_infusions,
    say_number,
    say_people,
    say_status,
)


def list_caveats(document: Mapping, *, as_data: bool = False) -> list[str]:
    """Every caveat of a map document. as_data: for programs, which find no number where people see WITHHELD."""
    centres = document["centres"]
    attesting = [centre for centre in centres if is_waited_for(centre) or centre.get("complete_through")]
    hidden = is_withheld(document)
    return [
        *say_made_up(),
        *_say_upcoming(centres),
        *_say_statuses(centres),
        *([say_withheld(as_data=as_data)] if hidden else []),
        *say_policy(document["snapshot"]),
        *filter(None, [" ".join(say_differences(document))]),
        *say_attested(attesting),
    ]


def say_made_up() -> list[str]:
    """In a demonstration, that the records are made up."""
    return [_("Demonstration: the records are made up after a published figure.")] * settings.DEMONSTRATION


def _say_upcoming(centres: Iterable[dict]) -> list[str]:
    cities = [centre["city"] for centre in centres if is_awaited(centre)]
    said = ngettext(
        "Upcoming centre, without treatments yet: %(centres)s.",
        "Upcoming centres, without treatments yet: %(centres)s.",
        len(cities),
    )
    return [said % {"centres": ", ".join(cities)}] if cities else []


def _say_statuses(centres: Iterable[dict]) -> list[str]:
    """Which centres are paused or closed."""
    by_status = defaultdict(list)
    for centre in centres:
        by_status[say_status(centre)].append(centre["city"])
    return [f"{word[0].upper()}{word[1:]}: {', '.join(cities)}." for word, cities in by_status.items() if word]


def say_withheld(*, as_data: bool = False) -> str:
    """Why a number is not shown."""
    if as_data:
        return _("A number that is missing is not shown, so that nobody can be recognised.")
    return _("%(sign)s: not shown, so that nobody can be recognised.") % {"sign": WITHHELD}


def say_policy(snapshot: Mapping) -> list[str]:
    """By which rule new numbers are published, where small ones are not shown."""
    _policy, _colon, least = snapshot["disclosure"].partition(":")
    if not least:
        return []
    return [say_batches({"least_persons": int(least), "publication_days": settings.PUBLICATION_DAYS})]


def say_manufacturing(document: Mapping) -> list[str]:
    """What is made where: a sentence for each site, which tells it apart from its centre's numbers."""
    said = _("%(site)s (manufacture): made for %(infusions)s, at any centre; not part of %(centre)s’s numbers.")
    cities = {centre["code"]: centre["city"] for centre in document["centres"]}
    return [
        said
        % {
            "site": site["name"],
            "infusions": say_infusions(site["manufactured"]),
            "centre": cities.get(site["centre"], site["centre"]),
        }
        for site in document["manufacturing"]
    ]


def say_differences(document: Mapping) -> list[str]:
    """A sentence for every total that is not the sum of its parts; the first says why that is."""
    national = document["national"]
    places = [(centre["city"], centre) for centre in document["centres"] if centre.get("patients_summed")]
    if national["patients_summed"] and national["patients"] != national["patients_summed"]:
        places.insert(0, (_("Sweden"), national))
    if not places:
        return []
    numbers = [
        _("%(place)s: the patients of the categories add up to %(summed)s, but they are %(patients)s.")
        % {
            "place": place,
            "summed": say_number(counted["patients_summed"]),
            "patients": say_people(counted["patients"]),
        }
        for place, counted in places
    ]
    return [
        _(
            "A person treated in several categories or at several centres is a patient in each of them, "
            "but one patient in the total; the later infusions count as reinfusions or further doses there."
        ),
        *numbers,
    ]


def say_attested(centres: Iterable[Mapping]) -> list[str]:
    """Through which day these centres' records are complete: a sentence for each day, and for those without."""
    by_day = defaultdict(list)
    for centre in centres:
        by_day[centre.get("complete_through") or ""].append(centre["city"])
    return [
        _("Complete through %(date)s: %(centres)s.") % {"date": say_date(day), "centres": ", ".join(cities)}
        if day
        else _("Not attested as complete: %(centres)s.") % {"centres": ", ".join(cities)}
        for day, cities in sorted(by_day.items(), key=lambda pair: (not pair[0], pair))
    ]


def say_horizon(document: Mapping) -> str:
    """Up to which day all that is shown is complete; "" where that is the day shown or later."""
    centres, as_of = document["centres"], document["snapshot"]["as_of"]
    if not any(map(is_waited_for, centres)):
        return ""
    if as_of and not list_lagging(centres, as_of):
        return ""
    day = find_common_day(centres)
    if day is None:
        return _("Not every active centre has attested that its records are complete: the numbers may still grow.")
    return _(
        "Every active centre has attested that its records are complete through %(date)s. "
        "The numbers after that may still grow."
    ) % {"date": say_date(day)}


def say_rates(counts: Mapping) -> list[str]:
    """Of counts with rates: what they can mean, and by whom the population is."""
    if "populations" not in counts:
        return []
    said = [
        _(
            "Per 100,000 inhabitants: the region or county is where the patients were treated, not where they "
            "live. Many travel for their treatment, so a high number can mean that patients come from elsewhere, "
            "and a low one that they are treated elsewhere."
        )
    ]
    return said + say_populations(counts)


def say_populations(counts: Mapping) -> list[str]:
    """Of counts with rates: by whom the populations are, and whether one is missing."""
    said = [_("Inhabitants on 31 December %(year)s: %(source)s.") % one for one in counts["populations"]]
    if any(cell["population"] is None for cell in (*counts["rows"], counts["total"])):
        said.append(_("Where no inhabitants are given, the registry has no population for that time or area."))
    return said
