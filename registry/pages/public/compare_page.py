"""The page Compare and its file, from two documents and their numbers alone: no database, no request."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from django.template.loader import render_to_string
from django.utils.text import capfirst
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from registry.caveats import list_caveats
from registry.formats.data import write_csv
from registry.formats.labels import label_measure
from registry.formats.tables import Table
from registry.pages.public.comparison import KINDS, Comparison, echo
from registry.pages.public.explore_answer import say_difference, say_state
from registry.pages.public.layout import LANGUAGES, PLACES, frame
from registry.pages.public.releases import say_cause
from registry.published.comparison import Causes, Compared
from registry.published.release_causes import CAUSES
from registry.wording import LICENCE, WITHHELD, say_measured, say_number

COLUMNS = ("centre", "category", "site", "measure", "label", "one", "other", "difference", "why", "suppressed")


class Answer(NamedTuple):
    """What is compared: the documents that it is from, the names of the two, the numbers, and the causes known."""

    documents: Sequence[dict]
    names: tuple[str, str]
    compared: Sequence[Compared]
    causes: Causes | None = None


def describe_form(comparison: Comparison, choices: Sequence[tuple[str, str]], typed: Mapping[str, str]) -> dict:
    """The kinds, and the fields of the one; choices are (value, name) of what may be chosen, none of days."""
    place = PLACES["compare"][comparison.language]
    return {
        "action": place,
        "of": comparison.of,
        "kinds": [(f"{place}?of={kind}", _name_kind(kind), kind == comparison.of) for kind in KINDS],
        "fields": [
            (name, label, echo(typed.get(name, "")))
            for name, label in (("one", _("The one")), ("other", _("The other")))
        ],
        "choices": choices,
    }


def _name_kind(kind: str) -> str:
    return {"days": _("Two days"), "centres": _("Two centres"), "releases": _("Two releases")}[kind]


def render_form(comparison: Comparison, form: dict, *, problem: str = "") -> str:
    """The form alone, or below what is wrong with what was chosen."""
    addresses = {code: f"{place}?of={comparison.of}" for code, place in PLACES["compare"].items()}
    return render_to_string(
        "pages/compare.html", frame(comparison.language, addresses) | form | {"problem": problem}
    )


def render_comparison(comparison: Comparison, form: dict, answer: Answer, *, host: str, bare: bool) -> str:
    """The page; bare: at its address alone, since nothing was asked yet."""
    addresses = PLACES["compare"] if bare else {code: comparison.address(language=code) for code in LANGUAGES}
    rows = [_describe_row(comparison, answer, one) for one in answer.compared]
    context = {
        "answered": True,
        "title": " – ".join(answer.names),
        "names": answer.names,
        "rows": rows,
        "has_why": comparison.of != "centres",
        "lead": say_what_differs(comparison, answer),
        "remarks": _list_notes(answer),
        "withheld": WITHHELD if any(any(one.withheld) for one in answer.compared) else "",
        "csv": comparison.address(form="csv"),
        "address": host + comparison.address(),
    }
    return render_to_string(
        "pages/compare.html", frame(comparison.language, addresses, host=host) | form | context
    )


def write_file(comparison: Comparison, answer: Answer, *, host: str) -> bytes:
    """A line per number, with what has been compared in columns of its own."""
    rows = [
        {
            "centre": one.place[0], "category": one.place[1], "site": one.place[2], "measure": one.measure,
            "label": label_measure(one.measure, comparison.language), "one": one.values[0], "other": one.values[1],
            "difference": one.difference, "why": _say_why(comparison, answer, one),
            "suppressed": any(one.withheld),
        }
        for one in answer.compared
    ]  # fmt: skip
    about: dict[str, object] = {
        "compared": comparison.of,
        "name_one": answer.names[0],
        "name_other": answer.names[1],
        "snapshots": [str(document["snapshot"]["number"]) for document in answer.documents],
        "licence": LICENCE,
        "address": host + comparison.address(),
        "notes": [*say_what_differs(comparison, answer), *_list_notes(answer, as_data=True)],
    }
    return write_csv(Table("", {name: name for name in COLUMNS}, rows, about, {}, {}))


def _list_notes(answer: Answer, *, as_data: bool = False) -> list[str]:
    """The caveats of all documents, each once."""
    said = [note for document in answer.documents for note in list_caveats(document, as_data=as_data)]
    return list(dict.fromkeys(said))


def say_what_differs(comparison: Comparison, answer: Answer) -> list[str]:
    """How many numbers differ, and what a difference of this kind means."""
    differ = sum(one.is_moved for one in answer.compared)
    many = ngettext("%(differ)s of %(all)s numbers differs.", "%(differ)s of %(all)s numbers differ.", differ)
    means = {
        "days": _(
            "Both days are counted from the same snapshot: a difference is what was given in between, and never a "
            "later correction."
        ),
        "centres": _(
            "The centres differ in how long they have treated, under which arrangements and whom. A difference "
            "says nothing of how good they are."
        ),
        "releases": _(
            "A release never changes. From one to the next numbers move by infusions that are new, corrected or "
            "withdrawn, and by persons who were recorded twice and are one now; the steps between the two are "
            "added up."
        ),
    }[comparison.of]
    return [many % {"differ": say_number(differ), "all": say_number(len(answer.compared))}, means]


def _describe_row(comparison: Comparison, answer: Answer, one: Compared) -> dict:
    return {
        "place": _name_place(answer, one.place),
        "is_whole": not one.place[1] and not one.place[2],
        "measure": capfirst(label_measure(one.measure, comparison.language)),
        "values": [
            say_measured(one.measure, value, withheld=withheld)
            for value, withheld in zip(one.values, one.withheld, strict=True)
        ],
        "difference": _say_difference(one),
        "why": _say_why(comparison, answer, one),
        "moved": one.is_moved,
    }


def _name_place(answer: Answer, place: tuple[str, str, str]) -> str:
    centre, category, site = place
    document = answer.documents[-1]
    names = {one["code"]: one["city"] for each in answer.documents for one in each["centres"]}
    names |= {one["site"]: one["name"] for one in document["manufacturing"]}
    if site:
        return _("%(site)s, manufacture") % {"site": names[site]} if site in names else _("Manufacture")
    parts = [names.get(centre, centre) if centre else "", category]
    whole = _("All categories") if len(answer.documents) == 1 else _("Sweden")
    return ", ".join(filter(None, parts)) or whole


def _say_difference(one: Compared) -> str:
    """By how much the other is more, "" of dates."""
    if one.measure == "first":
        return ""
    return say_difference(one.values[1], one.values[0])


def _say_why(comparison: Comparison, answer: Answer, one: Compared) -> str:
    """Why a number has moved, as far as that is known; "" where it has not."""
    if not one.is_moved:
        return ""
    if comparison.of == "days":
        return _say_given(one)
    found = (answer.causes or {}).get(one.place, {})
    return ", ".join(f"{say_cause(cause)}: {say_number(found[cause])}" for cause in CAUSES if found.get(cause))


def _say_given(one: Compared) -> str:
    """What was given between two days, by the number that it moved."""
    if one.measure == "first":
        return _("the first infusion was given in between")
    number = one.difference or 0
    said = {
        "infusions": ngettext("%(n)s was given in between", "%(n)s were given in between", number),
        "patients": ngettext(
            "%(n)s had the first infusion here in between", "%(n)s had their first infusion here in between",
            number,
        ),
        "reinfusions": ngettext("%(n)s was given in between", "%(n)s were given in between", number),
        "further_doses": ngettext("%(n)s was given in between", "%(n)s were given in between", number),
        "children": ngettext(
            "%(n)s of the new patients was under 18", "%(n)s of the new patients were under 18", number
        ),
        "patients_summed": ngettext(
            "%(n)s first infusion at a centre, in a category, in between",
            "%(n)s first infusions at a centre, in a category, in between",
            number,
        ),
        "manufactured": ngettext(
            "%(n)s infusion of what is made there in between", "%(n)s infusions of what is made there in between",
            number,
        ),
    }.get(one.measure, "")  # fmt: skip
    return said % {"n": say_number(number)} if said else ""


def name_days(comparison: Comparison) -> tuple[str, str]:
    """The two days as they are written."""
    one, other = comparison.days
    return say_state(one), say_state(other)
