"""The table twin of a map document, and the sentences on totals that are not the sum of their parts."""

from dataclasses import dataclass

from django.utils.translation import gettext as _

from registry.caveats import say_differences
from registry.choices import Category
from registry.wording import (
    is_awaited,
    say_complete,
    say_first_of,
    say_infusions,
    say_number,
    say_status,
    say_table_cells,
)


@dataclass(frozen=True)
class Row:
    """A row of the table: its head with what explains it, and its cells or one remark in their place."""

    head: str
    beside: str
    status: str = ""
    complete: str = ""
    mark: str = ""
    first: str | None = None
    first_text: str = ""
    cells: tuple[str, ...] = ()
    remark: str = ""


@dataclass(frozen=True)
class Group:
    """A centre's rows: its total, then its categories and manufacturing sites."""

    total: Row
    parts: tuple[Row, ...]


def describe_table(document: dict) -> dict:
    """What templates/pages/numbers.html is made of."""
    return {
        "groups": [_group_rows(centre, document["manufacturing"]) for centre in document["centres"]],
        "nation": _total_nation(document["national"]),
        "children": say_number(document["national"]["children"]),
        "differences": say_differences(document),
    }


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
            first_text=say_first_of(centre),
            cells=say_table_cells(centre),
        )
    categories = [
        Row(
            cell["category"],
            str(Category(cell["category"]).label),
            mark=cell["category"].lower(),
            first=cell["first"],
            first_text=say_first_of(cell),
            cells=say_table_cells(cell),
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
    return Row(
        _("Sweden"),
        _("counted afresh"),
        first=national["first"],
        first_text=say_first_of(national),
        cells=say_table_cells(national),
    )
