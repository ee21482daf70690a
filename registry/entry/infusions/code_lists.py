"""The code lists in memory, by every spelling that a row may use."""

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
    def __init__(
        self, actor: Actor, *, centre: str | None = None, permission: Permission = Permission.WRITE_RECORDS
    ):
        """centre: the only code allowed, and the default; otherwise all where the actor holds the permission."""
        writable = centres_where(actor, permission)
        self.default_centre = centre or ""
        self.takes_all_centres = writable is NATIONWIDE and centre is None
        every = list(Centre.objects.all())
        mine = {each.pk for each in every if each.pk in writable and centre in {None, each.code}}
        named = known_by_one(
            (label, each) for each in every for label in (each.name, each.city_sv, each.city_en, str(each))
        )  # from all centres, so that the city of two hospitals names neither
        self.centres = Spelled(
            ((each.code, each) for each in every if each.pk in mine),
            labels={label: each for label, each in named.items() if each.pk in mine},
        )
        self.products = Spelled(
            (name, product) for product in Product.objects.all() for name in (product.inn, product.name)
        )
        indications = list(Indication.objects.all())
        self.indications = Spelled(
            (
                (code or "", indication)
                for indication in indications
                for code in (indication.key, indication.icd10)
            ),
            labels=known_by_one(
                (name, indication)
                for indication in indications
                for name in (indication.name_sv, indication.name_en, str(indication))
            ),
        )
        trials = list(Trial.objects.all())
        self.trials = Spelled(
            ((trial.identifier, trial) for trial in trials),
            labels=known_by_one((trial.name, trial) for trial in trials),
        )
        sites = list(ManufacturingSite.objects.all())
        self.sites = Spelled(
            ((site.code, site) for site in sites), labels=known_by_one((site.name, site) for site in sites)
        )
        self.guesses = 0

    def of(self, column: str) -> Spelled:
        """The code list of a column."""
        return getattr(self, OF_COLUMN[column])
