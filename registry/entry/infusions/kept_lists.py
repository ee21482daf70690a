"""The rows of the code lists in memory, read again only after one of them has changed."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from django.conf import settings
from django.db import connection

from registry.entry.infusions.spelling import Spelled, known_by_one
from registry.models import Centre, Indication, Infusion, ManufacturingSite, Product, Trial
from swecar.postgresql.together import Waiting, send_later

LANGUAGES = [code for code, _name in settings.LANGUAGES]
LISTS: tuple[Any, ...] = (Centre, Product, Indication, Trial, ManufacturingSite)
# Every change of a list adds a row to its history. The greatest key alone would not tell the change of a
# transaction that drew its key first and committed last; the number alone not that of one rolled back.
VERSION = "SELECT " + ", ".join(
    f"(SELECT (count(*), max(pgh_id))::text FROM {model.pgh_event_model._meta.db_table})" for model in LISTS
)


class KeptLists:
    """All rows of the lists, and those that every actor may name, by their spellings. They are shared: change
    nothing in them.
    """

    def __init__(self) -> None:
        self.rows: Mapping[type, Sequence[Any]] = {model: list(model._base_manager.all()) for model in LISTS}
        self.by_key = {model: {row.pk: row for row in rows} for model, rows in self.rows.items()}
        self.named_centres = known_by_one(
            (label, each)
            for each in self.rows[Centre]
            for label in (each.name, each.city_sv, each.city_en, *map(each.named, LANGUAGES))
        )  # from all centres, so that the city of two hospitals names neither
        self.products = Spelled(
            (name, product) for product in self.rows[Product] for name in (product.inn, product.name)
        )
        indications = self.rows[Indication]
        self.indications = Spelled(
            (
                (code or "", indication)
                for indication in indications
                for code in (indication.key, indication.icd10)
            ),
            labels=known_by_one(
                (name, indication)
                for indication in indications
                for name in (indication.name_sv, indication.name_en, *map(indication.named, LANGUAGES))
            ),
        )
        trials, sites = self.rows[Trial], self.rows[ManufacturingSite]
        self.trials = Spelled(
            ((number, trial) for trial in trials for number in trial.identifiers),
            labels=known_by_one((trial.name, trial) for trial in trials),
        )
        self.sites = Spelled(
            ((site.code, site) for site in sites), labels=known_by_one((site.name, site) for site in sites)
        )

    def fill(self, infusion: Infusion, names: Iterable[str]) -> Infusion:
        """The infusion with its rows of these lists, as if they had been selected with it."""
        for name in names:
            model: Any = infusion._meta.get_field(name).related_model
            key = getattr(infusion, f"{name}_id")
            setattr(infusion, name, self.by_key[model][key] if key else None)
        return infusion


_kept: dict[str, tuple[tuple, KeptLists]] = {}  # by database


def read_lists() -> KeptLists:
    """The lists as they are now. One query, and one a list after a change of any."""
    return lists_of(ask_version())


def last_lists() -> KeptLists:
    """The lists as this process has read them last, without a query: whoever reads by them asks whether they are
    still the same, before something is stored or refused.
    """
    found = _kept.get(connection.settings_dict["NAME"])
    return found[1] if found else read_lists()


def ask_version() -> Waiting:
    """Ask for the lists' version with the next statement, for `lists_of`."""
    return send_later(VERSION, is_asked=True)


def lists_of(asked: Waiting) -> KeptLists:
    """The lists as they were when their version was asked for, or newer."""
    version = asked.row
    database = connection.settings_dict["NAME"]
    found = _kept.get(database)
    if found is None or found[0] != version:
        # After a change between the two queries the rows are newer than their version, and are read once more.
        found = _kept[database] = version, KeptLists()
    return found[1]
