"""The registry's lists in memory, as a row may spell them."""

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.entry.infusions.spelling import Spelled, known_by_one
from registry.models import Centre, Indication, ManufacturingSite, Product, Trial

OF_COLUMN = {
    "centre": "centres",
    "product": "products",
    "indication": "indications",
    "trial": "trials",
    "manufacturing_site": "sites",
}


class CodeLists:
    """The code lists in memory, each by every spelling that a row may use."""

    def __init__(
        self, actor: Actor, *, centre: str | None = None, permission: Permission = Permission.WRITE_RECORDS
    ):
        """Of the centres where an actor holds a permission; centre limits the rows to one code, and is its
        default.
        """
        writable = centres_where(actor, permission)
        self.default_centre = centre or ""
        self.takes_all_centres = writable is NATIONWIDE and centre is None
        every = list(Centre.objects.all())
        mine = {one.pk for one in every if one.pk in writable and centre in {None, one.code}}
        named = known_by_one(
            (label, one) for one in every for label in (one.name, one.city_sv, one.city_en, str(one))
        )  # of all centres: two hospitals of a city have one name less
        self.centres = Spelled(
            ((one.code, one) for one in every if one.pk in mine),
            labels={label: one for label, one in named.items() if one.pk in mine},
        )
        self.products = Spelled(
            (name, product) for product in Product.objects.all() for name in (product.inn, product.name)
        )
        indications = list(Indication.objects.all())
        self.indications = Spelled(
            ((code or "", one) for one in indications for code in (one.key, one.icd10)),
            labels=known_by_one(
                (name, one) for one in indications for name in (one.name_sv, one.name_en, str(one))
            ),
        )
        trials = list(Trial.objects.all())
        self.trials = Spelled(
            ((one.identifier, one) for one in trials), labels=known_by_one((one.name, one) for one in trials)
        )
        sites = list(ManufacturingSite.objects.all())
        self.sites = Spelled(
            ((one.code, one) for one in sites), labels=known_by_one((one.name, one) for one in sites)
        )
        self.guesses = 0

    def of(self, column: str) -> Spelled:
        """The list that the values of a column are from."""
        return getattr(self, OF_COLUMN[column])
