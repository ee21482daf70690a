"""Looking up a person: every look-up is logged, those of persons unknown to the actor's centres are limited."""

from collections.abc import Callable, Sequence
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.access import NATIONWIDE, Actor, Permission, acting_as, centres_where
from registry.choices import AccessAction
from registry.entry.patients.key_in_use import NEWEST_KEY, follow_newest_key
from registry.entry.patients.lookup_budget import REFUSED, charge, has_budget
from registry.errors import InfusionRefused, NotFound, Problem, RegistryError, TooManyLookups
from registry.infusion_input import Identified
from registry.keyed_digests import digest_ahead, refusal_tokens
from registry.models import Patient, Refusal
from registry.models.access_log import log_persons
from registry.models.by_hand import columns_of, row_of
from swecar.postgresql.together import Waiting, send_later

# Whether one of these centres has an infusion of the holder; NULL for all centres.
SEEN = """
%s::bigint[] IS NULL
OR EXISTS (SELECT FROM registry_infusion WHERE patient_id = holder.id AND centre_id = ANY(%s::bigint[]))
"""
# One row always, with the key that is in use when the person is looked for (key_in_use.py). The function finds a
# holder at any centre (migration 0047).
HOLDER = f"""
SELECT {columns_of(Patient, "holder")}, ({NEWEST_KEY}), {SEEN}
FROM (VALUES (1)) AS always LEFT JOIN LATERAL holders_of(%s::text[], %s::bytea[]) AS holder ON true
"""
REFUSED_ANY = "SELECT EXISTS (SELECT FROM registry_refusal WHERE token = ANY(%s::bytea[]))"


class PatientRefused(RegistryError):
    sentence = gettext_noop("The person has asked not to be in the registry: nothing may be stored.")
    code = "do_not_register"


class PseudonymUsed(InfusionRefused):
    sentence = "This pseudonym stands for somebody of whom the centre has no infusion any more."
    code = "pseudonym_used"

    def __init__(self) -> None:
        super().__init__([pseudonym_used()])


def pseudonym_used() -> Problem:
    """The refusal of a retired pseudonym, the same whatever became of the person (decision 0018)."""
    sentence = _(
        "This pseudonym has been used before and cannot be used again at your centre: write the person's number, "
        "or another pseudonym."
    )
    return Problem("patient_id", "pseudonym_used", sentence)


def find_patient(
    *, identifier: Identified, by: Actor, unit: str = "", permission: Permission = Permission.READ_RECORDS
) -> Patient | None:
    """The person with this identifier at any centre, whichever key digested it; None if there is none.

    Every call is a look-up: it writes a line in the access log (unit: the code of a centre), also when nobody is
    found, and for a person unknown to all centres where the actor holds the permission it is charged to an hourly
    budget (lookup_budget.py). Both are committed even if the request fails, so the caller must not be inside a
    transaction. Raises TooManyLookups.
    """
    found = find_patients(identifiers=[identifier], by=by, unit=unit, permission=permission)
    return found[0] if found else None


def find_patients(
    *, identifiers: Sequence[Identified], by: Actor, unit: str = "", permission: Permission
) -> list[Patient]:
    """The persons that a search may mean, looked up as by `find_patient`: one log line if there is none."""
    return _look_up(identifiers, by, unit, permission)[0]


def _look_up(
    identifiers: Sequence[Identified],
    by: Actor,
    unit: str,
    permission: Permission,
    *,
    entering: bool = False,
    ask: Callable[[], Callable[[], None]] | None = None,
) -> tuple[list[Patient], RegistryError | None]:
    """The persons; of one who is not found and is to be entered, why they may not be. ask: as in
    `find_patient_to_enter`.
    """
    digest_ahead(identifiers)
    refusal = None
    with acting_as(by):
        centres = centres_where(by, permission)
        seen_at = None if centres is NATIONWIDE else list(centres)
        check = ask() if ask else None
        # The same statements even where nobody is found, so that beyond the budget the timing reveals nothing.
        asked = [(identifier, ask_holder(identifier, seen_at)) for identifier in identifiers]
        read = {identifier: _read_holder(answer.row) for identifier, answer in asked}
        if check:
            check()
        found = {identifier: named_by(identifier, holder) for identifier, (holder, _seen) in read.items()}
        persons = list(dict.fromkeys(filter(None, found.values())))
        foreign = [
            identifier.digests()[-1][1]
            for identifier, person in found.items()
            if not (person and read[identifier][1])
        ]
        wait = charge(by=by, persons=foreign) if foreign and has_budget(by, permission) else 0
        numbers = [] if wait else [person.registry_number for person in persons]
        log_persons(
            by=by, action=AccessAction.SEARCH, numbers=numbers or [None], unit=unit, detail=REFUSED if wait else ""
        )
        if entering and not persons and not wait:
            refusal = _find_refusal(identifiers[0])  # not raised here, where it would take back what is logged
    if wait:
        raise TooManyLookups(wait)
    return persons, refusal


def _find_refusal(identifier: Identified) -> RegistryError | None:
    try:
        refuse_refused(identifier)
        refuse_retired_pseudonym(identifier)
    except (PatientRefused, PseudonymUsed) as refused:
        return refused
    return None


def find_patient_to_enter(
    *, identifier: Identified, by: Actor, unit: str, ask: Callable[[], Callable[[], None]] | None = None
) -> Patient | None:
    """The person of an infusion to enter, looked up as by `find_patient`; None for a new person.

    ask: what is asked together with it, and returns what raises a refusal before the look-up is one.
    Raises TooManyLookups, PseudonymUsed, and PatientRefused, which is all that may be said of a person who has
    asked not to be registered.
    """
    found, refusal = _look_up([identifier], by, unit, Permission.READ_RECORDS, entering=True, ask=ask)
    if refusal:
        raise refusal
    return found[0] if found else None


def refuse_refused(identifier: Identified) -> None:
    """Raise PatientRefused for a person who has asked not to be registered."""
    if has_refused([identifier]):
        raise PatientRefused


def has_refused(identifiers: Sequence[Identified]) -> bool:
    """Whether one of these persons has asked not to be registered."""
    return ask_refused(identifiers).row[0]


def ask_refused(identifiers: Sequence[Identified]) -> Waiting:
    """Ask this with the next statement."""
    tokens = set().union(*refusal_tokens(identifier.digests() for identifier in identifiers))
    return send_later(REFUSED_ANY, [list(tokens)], is_asked=True)


def find_visible_patient(*, number: int, by: Actor, permission: Permission) -> Patient:
    """The person with a registry number, if known at a centre where the actor holds the permission.

    Raises NotFound, also for a number that nobody has.
    """
    patient = Patient.objects.visible_to(by, permission).filter(registry_number=number).first()
    if patient is None:
        raise NotFound
    return patient


def read_refusals() -> set[bytes]:
    """The tokens of all persons who refused registration; they are few."""
    return {bytes(token) for token in Refusal.objects.values_list("token", flat=True)}


def person_with(identifier: Identified) -> Patient | None:
    """The person with an identifier, for callers that reveal nothing to a user; otherwise use `find_patient`.

    A centre's pseudonym names a person as long as the centre has an infusion of them, withdrawn or not; after that
    it is retired and names nobody (docs/counting.md, "Pseudonyms").
    """
    return named_by(identifier, holder_of(identifier))


def named_by(identifier: Identified, holder: Patient | None) -> Patient | None:
    """The identifier's holder, unless it is a pseudonym that is retired."""
    if holder and identifier.centre and not holder.infusions.filter(centre__code=identifier.centre).exists():
        return None
    return holder


def refuse_retired_pseudonym(identifier: Identified) -> None:
    """Raise PseudonymUsed for a retired pseudonym, which is never given to another person."""
    if identifier.centre and holder_of(identifier) and not person_with(identifier):
        raise PseudonymUsed


def holder_of(identifier: Identified) -> Patient | None:
    """The person who has or had this identifier, also a retired pseudonym. Raises IdentityKeyUnknown."""
    return _read_holder(ask_holder(identifier).row)[0]


def ask_holder(identifier: Identified, seen_at: list[int] | None = None) -> Waiting:
    """Ask for the identifier's holder with the next statement. seen_at: centres, for whether they know them."""
    keys, digests = zip(*identifier.digests(), strict=True)
    return send_later(HOLDER, [seen_at, seen_at, list(keys), list(digests)], is_asked=True)


def _read_holder(row: Sequence[Any]) -> tuple[Patient | None, bool]:
    """(the holder, whether the centres know them). Raises IdentityKeyUnknown."""
    *values, newest_key, is_seen = row
    follow_newest_key(newest_key)
    return (row_of(Patient, values), is_seen) if values[0] else (None, False)
