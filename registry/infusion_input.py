"""An infusion as a clinic states it, before it is stored.

The protocols here are all that the rules see of centres, products, trials and identifiers.
"""

from dataclasses import dataclass
from datetime import date
from typing import Any, Protocol

from registry.choices import Category, DatePrecision, IdentifierType, Kind, Sex
from registry.course_order import Plan, Step


class Identified(Protocol):
    """An identifier: what the number itself gives (None if nothing), and its digests."""

    @property
    def type(self) -> IdentifierType:
        """Personal, coordination, reserve number or pseudonym."""

    def digests(self) -> list[tuple[str, bytes]]:
        """(key id, digest) for each key of the chain, oldest first."""

    def birth_digest(self) -> bytes | None:
        """The keyed digest of the date of birth."""

    @property
    def born_on(self) -> date | None:
        """The date of birth."""

    @property
    def birth_year(self) -> int | None:
        """The year of birth, which may be known without the date."""

    @property
    def sex(self) -> Sex | None:
        """The legal sex."""

    @property
    def centre(self) -> str:
        """The centre's code for a centre's own pseudonym, else ""."""

    @property
    def century_written(self) -> bool:
        """Whether the century is written and not inferred."""

    @property
    def unconfirmed(self) -> bool:
        """Whether it is a number on the clinic's word alone."""


class Listed(Protocol):
    """A row of a code list."""

    pk: Any


class Centre(Listed, Protocol):
    """What the rules need of a centre."""

    code: str
    status: str


class Product(Listed, Protocol):
    """What the rules need of a product."""

    name: str
    origin: str
    authorised_on: date | None

    @property
    def plan(self) -> Plan:
        """Its dose plan."""


class Trial(Listed, Protocol):
    """What the rules need of a trial."""

    identifier: str
    sponsor: str


@dataclass(kw_only=True)
class InfusionInput:
    """One infusion as a clinic states it, with its codes looked up.

    kind and age_at_infusion may be None: they are then derived, or the infusion is refused if they cannot be.
    """

    centre: Centre
    category: Category
    product: Product
    infused_on: date
    identifier: Identified | None = None
    kind: Kind | None = None
    indication: Listed | None = None
    trial: Trial | None = None
    manufacturing_site: Listed | None = None
    date_precision: DatePrecision = DatePrecision.DAY
    sequence: int = 1
    age_at_infusion: int | None = None
    sex: Sex | None = None
    batch: str = ""

    @property
    def step(self) -> Step:
        """The infusion as a step in the person's course."""
        kind = self.kind and Kind(self.kind)
        precision = DatePrecision(self.date_precision)
        indication = str(self.indication.pk) if self.indication else ""
        return Step(
            self.infused_on, self.sequence, kind, self.product.name, precision, self.centre.code,
            indication, self.product.plan,
        )  # fmt: skip
