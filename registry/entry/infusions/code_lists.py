"""The code lists by every spelling that a row of an actor may use."""

from collections.abc import Callable

from registry.access import NATIONWIDE, Actor, Permission, centres_where
from registry.entry.infusions.kept_lists import KeptLists, ask_version, lists_of, read_lists
from registry.entry.infusions.lists import list_changed
from registry.entry.infusions.spelling import Spelled
from registry.models import Centre

OF_COLUMN = {
    "centre": "centres",
    "product": "products",
    "indication": "indications",
    "trial": "trials",
    "manufacturing_site": "sites",
}


class CodeLists:
    def __init__(
        self,
        actor: Actor,
        *,
        centre: str | None = None,
        permission: Permission = Permission.WRITE_RECORDS,
        kept: KeptLists | None = None,
    ):
        """centre: the only code allowed, and the default; otherwise all where the actor holds the permission.

        kept: the lists, where they are not to be read now.
        """
        writable = centres_where(actor, permission)
        self.kept = kept = kept or read_lists()
        self.default_centre = centre or ""
        self.takes_all_centres = writable is NATIONWIDE and centre is None
        every = kept.rows[Centre]
        mine = {each.pk for each in every if each.pk in writable and centre in {None, each.code}}
        self.centres = Spelled(
            ((each.code, each) for each in every if each.pk in mine),
            labels={label: each for label, each in kept.named_centres.items() if each.pk in mine},
        )
        self.products, self.indications = kept.products, kept.indications
        self.trials, self.sites = kept.trials, kept.sites
        self.guesses = 0

    def of(self, column: str) -> Spelled:
        """The code list of a column."""
        return getattr(self, OF_COLUMN[column])

    def ask_whether_current(self) -> Callable[[], None]:
        """Ask with the next statement whether these are the lists as they are now; returns what raises
        InfusionRefused if they are not.
        """
        version = ask_version()

        def check() -> None:
            if lists_of(version) is not self.kept:
                raise list_changed("")

        return check
