"""The menu of a figure: its files, a link that keeps what is shown, and the way to embed it."""

from dataclasses import replace

from django.utils.translation import gettext as _

from registry.pages.public.layout import CARDS, PLACES, Card
from registry.pages.public.selection import FIGURES, MEASURES, SPANS, View
from registry.pages.public.time_panel import say_title
from registry.published.queries import read_tables
from registry.wording import say_date

Link = tuple[str, str]  # name, address


def describe_card(view: View) -> Card:
    """The card of the map page: the map's, or the chart's where its measure or its span was chosen."""
    title = _("CAR-T treatments in Sweden")
    is_chart = (view.measure, view.span) != (MEASURES[0], SPANS[0])
    if is_chart:
        title = f"{title}: {say_title(view)}"
    if view.as_of:
        title = f"{title}. " + _("As of %(date)s.") % {"date": say_date(view.as_of.isoformat())}
    return Card(title, card_address(view, "time" if is_chart else "map"))


def card_address(view: View, figure: str, ending: str = "png") -> str:
    """The address of a figure's card as of the view's day."""
    more = {"figure": figure} if figure != FIGURES[0] else {}
    day = View(view.language, as_of=view.as_of)
    shown = day if figure == FIGURES[0] else replace(day, measure=view.measure, span=view.span)
    return shown.at(f"{CARDS[view.language]}.{ending}", **more)


def describe_map_menu(view: View, host: str) -> dict:
    """The map's: of the day that is shown, and of its centre."""
    more = {"lang": view.language, "as_of": view.as_of.isoformat() if view.as_of else ""}
    day = View(view.language, as_of=view.as_of)
    return {
        "name": "map",
        "summary": _("Download, share or embed the map"),
        "files": [
            (name, View(view.language).at("/api/v1/map", format=form, **more))
            for name, form in (("PDF", "pdf"), ("PPTX", "pptx"), ("PNG", "png"), ("SVG", "svg"), ("XLSX", "xlsx"))
        ]
        + [
            (_("card for a link (%(form)s)") % {"form": form}, card_address(view, "map", form.lower()))
            for form in ("PNG", "SVG")
        ],
        "address": host + view.address("map"),
        "embed": day.at(PLACES["embedding"][view.language], lang=view.language),
    }


def describe_time_menu(view: View, host: str) -> dict:
    """That of the chart over time: its measure, its span and its day. The files hold each year's own numbers."""
    tables = read_tables()
    by = "year,category" if tables is None else "year"
    shown = View(view.language, as_of=view.as_of, measure=view.measure, span=view.span)
    day = View(view.language, as_of=view.as_of)
    return {
        "name": "time",
        "summary": _("Download, share or embed the chart"),
        "files": [
            (form.upper(), day.at("/api/v1/counts", by=by, format=form, lang=view.language))
            for form in ("xlsx", "csv", "json")
        ]
        + [(form.upper(), card_address(view, "time", form)) for form in ("png", "svg")],
        "address": host + view.address("time"),
        "embed": shown.at(PLACES["embedding"][view.language], figure="time", lang=view.language),
    }
