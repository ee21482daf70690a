"""The table of an infusion's columns, from which files, forms, the API, the export and staging are made."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from django.db.models import Model, TextChoices
from django.utils.translation import gettext_noop

from registry.choices import Category, DatePrecision, Kind, Modality, Sex
from registry.dates import write_date
from registry.infusion_input import InfusionInput
from registry.infusion_rules import MOST_A_DAY
from registry.models import Centre, Indication, Infusion, ManufacturingSite, Product, Trial


@dataclass(frozen=True)
class Listed:
    """A row of a code list, and the attribute by which it is written."""

    model: type[Model]
    by: str


@dataclass(frozen=True)
class Chosen:
    """One of a few choices, with their spellings (spelling.py)."""

    choices: type[TextChoices]


@dataclass(frozen=True)
class Number:
    """A whole number."""

    least: int
    most: int


@dataclass(frozen=True)
class Column:
    """One column; a stored column is an attribute of InfusionInput and Infusion with the same name."""

    name: str  # in files, forms and the API
    swedish: str  # the heading in a Swedish file
    label: str = ""  # on pages; empty where no form has a field for it
    holds: Listed | Chosen | Number | None = None  # None: free text, or read specially by row_reader.py
    sql: str = ""  # its type in staging; "" if it is not stored with the infusion
    corrected: bool = True  # whether users who may write at the infusion's centre may correct it
    needed: bool = False
    also: tuple[str, ...] = ()  # other headings that clinics use

    @property
    def key(self) -> str:
        """The database column of a stored column."""
        return f"{self.name}_id" if isinstance(self.holds, Listed) else self.name


# In the template's order.
TABLE = (
    Column(
        "centre", "centrum", gettext_noop("Centre"), Listed(Centre, "code"), "int8", needed=True,
        also=("center", "sjukhus", "hospital", "enhet"),
    ),
    Column(
        "patient_id", "personnummer", gettext_noop("Identity number"), corrected=False, needed=True,
        also=(
            "person-id", "patient-id", "pnr", "personnr", "person-nr", "pers.nr",
            "personnummer eller reservnummer", "identitetsnummer", "personal identity number", "personal number",
            "identity number", "patient",
        ),
    ),
    Column(
        "sex", "kön", gettext_noop("Sex"), Chosen(Sex), corrected=False,
        also=("gender", "juridiskt kön"),
    ),
    Column(
        "category", "kategori", gettext_noop("Category"), Chosen(Category), "text", needed=True,
        also=("behandlingskategori",),
    ),
    Column(
        "kind", "typ", gettext_noop("Kind"), Chosen(Kind), "text",
        also=("slag", "infusionstyp", "typ av infusion", "type", "kind of infusion"),
    ),
    Column(
        "product", "produkt", gettext_noop("Product"), Listed(Product, "name"), "int8", needed=True,
        also=("läkemedel", "preparat", "produktnamn", "product name", "brand"),
    ),
    Column("modality", "modalitet", holds=Chosen(Modality), corrected=False),  # follows from the product
    Column(
        "indication", "indikation", gettext_noop("Indication"), Listed(Indication, "code"), "int8",
        also=("diagnos", "diagnoskod", "icd-10", "diagnosis", "icd-10 code"),
    ),
    Column(
        "trial", "prövning", gettext_noop("Trial"), Listed(Trial, "identifier"), "int8",
        also=("studie", "klinisk prövning", "prövningsnummer", "studienummer", "study", "trial number"),
    ),
    Column(
        "manufacturing_site", "tillverkningsställe", gettext_noop("Manufacturing site"),
        Listed(ManufacturingSite, "code"), "int8",
        also=("tillverkningsplats", "tillverkare", "tillverkningsenhet", "site", "manufacturer"),
    ),
    Column(
        "infused_on", "infusionsdatum", gettext_noop("Date of infusion"), None, "date", needed=True,
        also=(
            "datum", "datum för infusion", "infusionsdag", "behandlingsdatum", "date", "infusion date",
            "date of infusion",
        ),
    ),
    Column(
        "date_precision", "datumprecision", holds=Chosen(DatePrecision), sql="text",
        also=("precision", "datumets precision"),
    ),
    Column(
        "sequence", "ordningsnummer", gettext_noop("Sequence"), Number(1, MOST_A_DAY), "int2",
        also=("löpnummer", "ordning", "ordningsnr", "löpnr", "sequence number", "number on the day"),
    ),
    Column(
        "age_at_infusion", "ålder vid infusion", gettext_noop("Age at infusion, whole years"), Number(0, 999),
        "int2", also=("ålder", "ålder vid infusionen", "ålder (år)", "age", "age at the infusion"),
    ),
    Column(
        "batch", "batchnummer", gettext_noop("Batch"), None, "text",
        also=("batch", "batchnr", "batch-nr", "lot", "lotnr", "lotnummer", "batch number", "lot number"),
    ),
)  # fmt: skip
COLUMNS = tuple(column.name for column in TABLE)
NEEDED_COLUMNS = {column.name for column in TABLE if column.needed} - {"centre"}  # may be given for the whole file
STORED = tuple(column for column in TABLE if column.sql)
CORRECTABLE = tuple(column.name for column in TABLE if column.corrected)
LISTED = {column.name: column.holds for column in STORED if isinstance(column.holds, Listed)}
# For select_related, before writing infusions as rows.
RELATED = ("patient", *LISTED)
OF_THE_PERSON = {"patient_id", "sex"}


def values_of(infusion: Any, listed: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The stored columns as files and the API write them, None for empty.

    infusion: stored, stated, or a row of its history. listed: its code list rows by column, where they are not
    attributes of it; otherwise RELATED should be selected.
    """
    return {column.name: _value_of(column, infusion, listed) for column in STORED}


def row_of(infusion: Infusion) -> dict[str, str]:
    """The exchange file's columns except the person's, as RowReader reads them.

    infusion: with RELATED selected.
    """
    values = values_of(infusion) | {"modality": infusion.product.modality}
    return {name: _write(values[name]) for name in COLUMNS if name not in OF_THE_PERSON}


def row_of_stated(stated: InfusionInput) -> dict[str, str]:
    """Like `row_of` for an infusion that is not stored; columns without a value are left out."""
    values = values_of(stated) | {"sex": stated.sex}
    return {name: text for name in COLUMNS if (text := _write(values.get(name)))}


def _value_of(column: Column, infusion: Any, listed: Mapping[str, Any] | None) -> Any:
    if isinstance(column.holds, Listed):
        row = listed.get(column.name) if listed is not None else getattr(infusion, column.name)
        return getattr(row, column.holds.by) if row else None
    value = getattr(infusion, column.name)
    if column.name == "infused_on":
        return write_date(value, infusion.date_precision)
    return None if value == "" else value


def _write(value: object) -> str:
    return "" if value is None else str(value)
