"""The public map page, from published documents alone: no database, no cache, no request."""

from dataclasses import dataclass
from datetime import date

from django.template.loader import render_to_string
from django.utils.translation import gettext as _
from django.utils.translation import ngettext, override

from registry.choices import Category
from registry.figure.svg import draw_map, draw_shapes
from registry.figure.wording import (
    describe_centres,
    is_awaited,
    say_complete,
    say_date,
    say_first,
    say_infusions,
    say_instant,
    say_national,
    say_number,
    say_people,
    say_status,
)
from registry.pages.choice import describe_choice
from registry.pages.over_time import describe_series
from registry.pages.view import EARLIEST, HOMES, View, check_centre
from registry.statistics.measures import DERIVED, MEASURES

COLUMNS = ("patients", "reinfusions", "further_doses", "infusions")  # after the first infusion's date
DEFINED = ("patients", "infusions", "reinfusions", "further_doses", "children")
LANGUAGES = {"sv": "Svenska", "en": "English"}


@dataclass(frozen=True)
class Row:
    """A row of the table: its head with what explains it, and its cells or one remark in their place."""

    head: str
    beside: str
    status: str = ""
    complete: str = ""
    mark: str = ""
    first: str | None = None
    cells: tuple[str, ...] = ()
    remark: str = ""

    @property
    def first_text(self) -> str:
        """The first infusion's date, as people read it."""
        return say_first(self.first) or "–"


@dataclass(frozen=True)
class Group:
    """A centre's rows: its total, then its categories and manufacturing sites."""

    total: Row
    parts: tuple[Row, ...]


def render_map_page(
    document: dict, *, language: str, series: dict | None = None, view: View | None = None, problem: str = ""
) -> str:
    """Return the public page of a map document (INTERFACE.md) as HTML.

    language is "sv" or "en", that of the document's own texts. series are the same numbers over time
    (statistics.series), view is what was chosen, problem a sentence on what could not be shown. Nothing
    else is read. Raises ChoiceUnknown where the view's centre is none of the document's.
    """
    view = view or View(language)
    with override(language):
        check_centre(view, [centre["code"] for centre in document["centres"]])

        def draw(variant: str) -> str:
            return draw_map(
                document,
                language=language,
                variant=variant,
                address=lambda code: view.address("centre", centre=code),
                chosen=view.centre,
            )

        context = _frame(language, view) | {
            "view": view,
            "problem": problem,
            "snapshot": _describe_snapshot(document["snapshot"]),
            "when": _describe_when(view, document["snapshot"]["data_through"]),
            "national": document["national"],
            "lead": _say_lead(document["national"]),
            "figures": _choose_figures(document["national"]),
            "shapes": draw_shapes(),
            "wide_map": draw("wide"),
            "narrow_map": draw("narrow"),
            "categories": [(category.value, category.label) for category in Category],
            "centres": describe_centres(document),
            "chosen": describe_choice(document, series, view),
            "time": series and describe_series(series, document["centres"], view),
            "groups": [_group_rows(centre, document["manufacturing"]) for centre in document["centres"]],
            "nation": _total_nation(document["national"]),
            "children": say_number(document["national"]["children"]),
            "differences": _explain_differences(document),
            "definitions": _define(language),
        }
        return render_to_string("pages/map.html", context)


def render_waiting_page(*, language: str) -> str:
    """Return the page of a registry that has not published its first snapshot, as HTML."""
    with override(language):
        return render_to_string("pages/waiting.html", _frame(language))


def _frame(language: str, view: View | None = None) -> dict:
    """What every page's frame needs: its language, and the address and name of the other."""
    other = next(code for code in LANGUAGES if code != language)
    view = view or View(language)
    return {
        "language": language,
        "home": HOMES[language],
        "other": {"code": other, "address": view.address(language=other), "name": LANGUAGES[other]},
        "addresses": list(HOMES.items()),
    }


def _describe_when(view: View, through: str | None) -> dict:
    """The day that is shown, and the months that can be, from the first to that of the latest infusion."""
    last = date.fromisoformat(through) if through else EARLIEST
    chosen = view.as_of or last
    months = [12 * (day.year - EARLIEST.year) + day.month - 1 for day in (last, chosen)]
    return {
        "earliest": EARLIEST.isoformat(),
        "day": view.as_of and view.as_of.isoformat(),
        "months": months[0],
        "month": min(months),
        "all": view.address(as_of=None),
    }


def _describe_snapshot(snapshot: dict) -> dict:
    return {
        "number": say_number(snapshot["number"]),
        "built_at": snapshot["built_at"],
        "built": say_instant(snapshot["built_at"]),
        "through": snapshot["data_through"] and say_date(snapshot["data_through"]),
        "as_of": snapshot["as_of"] and say_date(snapshot["as_of"]),
    }


def _say_lead(national: dict) -> str:
    if not national["infusions"]:
        return _("No infusion has been recorded in the registry yet.")
    return ngettext(
        "Since %(date)s, %(count)s person has been treated with CAR-T cells in Sweden.",
        "Since %(date)s, %(count)s people have been treated with CAR-T cells in Sweden.",
        national["patients"],
    ) % {"date": say_first(national["first"]), "count": say_number(national["patients"])}


def _choose_figures(national: dict) -> list[dict]:
    """The national line: each number with its word and, where there is one, a remark."""
    names = ("patients", "infusions", "reinfusions", "further_doses")
    return [
        {"name": name, "number": say_number(number), "word": word, "remark": remark}
        for name, (number, word, remark) in zip(names, say_national(national), strict=True)
    ]


def _group_rows(centre: dict, manufacturing: list[dict]) -> Group:
    if is_awaited(centre):
        total = Row(centre["city"], centre["name"], complete=say_complete(centre), remark=_("upcoming centre"))
    else:
        total = Row(
            centre["city"],
            centre["name"],
            status=say_status(centre),
            complete=say_complete(centre),
            first=centre["first"],
            cells=_cells(centre),
        )
    categories = [
        Row(
            cell["category"],
            str(Category(cell["category"]).label),
            mark=cell["category"].lower(),
            first=cell["first"],
            cells=_cells(cell),
        )
        for cell in centre["categories"]
    ]
    remark = _("made for %(infusions)s, at any centre; not part of this centre’s numbers")
    sites = [
        Row(
            site["name"],
            _("manufacture"),
            mark="site",
            remark=remark % {"infusions": say_infusions(site["manufactured"])},
        )
        for site in manufacturing
        if site["centre"] == centre["code"]
    ]
    return Group(total, (*categories, *sites))


def _total_nation(national: dict) -> Row:
    return Row(_("Sweden"), _("counted afresh"), first=national["first"], cells=_cells(national))


def _cells(counted: dict) -> tuple[str, ...]:
    return tuple(say_number(counted[name]) for name in COLUMNS)


def _explain_differences(document: dict) -> list[str]:
    """A sentence for every total that is not the sum of its parts; the first says why that is."""
    national = document["national"]
    places = [(centre["city"], centre) for centre in document["centres"] if "patients_summed" in centre]
    if national["patients"] != national["patients_summed"]:
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


def _define(language: str) -> list[tuple[str, str]]:
    """The words of the page and what they mean: those of the numbers are the rules they are counted by."""
    rules = [MEASURES[name] for name in DEFINED] + [DERIVED["manufactured"]]
    measures = [(rule.sv, rule.rule_sv) if language == "sv" else (rule.en, rule.rule_en) for rule in rules]
    arrangements = {
        Category.SOC: _("Treatment with an authorised product in ordinary care."),
        Category.ACT: _("A clinical trial with a university or a hospital as its sponsor."),
        Category.ICT: _("A clinical trial with a company as its sponsor."),
        Category.CUP: _("Treatment with a product that is not yet authorised, outside clinical trials."),
    }
    return [
        (
            "CAR-T",
            _(
                "Treatment with T cells, usually the patient’s own, that have been modified to find and "
                "attack diseased cells. TCR-T, a related treatment, is counted with it."
            ),
        ),
        (
            _("cell, in the rules"),
            _("A place in the table, not a cell of the body: a category at a centre, a centre, or the country."),
        ),
        *measures,
        *((f"{category.value} – {category.label.lower()}", meaning) for category, meaning in arrangements.items()),
    ]
