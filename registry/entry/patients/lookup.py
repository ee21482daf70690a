"""Finding a person: every call is logged, and what concerns other centres has a budget."""

from collections.abc import Sequence

from django.db.models import Q
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as
from registry.choices import AccessAction
from registry.entry.patients.lookup_budget import REFUSED, charge, has_budget
from registry.errors import InfusionRefused, NotFound, Problem, RegistryError, TooManyLookups
from registry.infusion_input import Identified
from registry.keyed_digests import refusal_token
from registry.models import Patient, PatientIdentifier, Refusal
from registry.models.access_log import log_persons
from registry.models.keys import unnest


class PatientRefused(RegistryError):
    sentence = gettext_noop("The person has asked not to be in the registry: nothing may be stored.")
    code = "do_not_register"


class PseudonymUsed(InfusionRefused):
    sentence = "This pseudonym stands for somebody of whom the centre has no infusion any more."
    code = "pseudonym_used"

    def __init__(self) -> None:
        super().__init__([pseudonym_used()])


def pseudonym_used() -> Problem:
    """The refusal of a retired pseudonym: the same whatever became of the person (decision 0018)."""
    sentence = _(
        "This pseudonym has been used before and cannot be used again at your centre: write the person's number, "
        "or another pseudonym."
    )
    return Problem("patient_id", "pseudonym_used", sentence)


def find_patient(
    *, identifier: Identified, by: Actor, unit: str = "", permission: Permission = Permission.READ_RECORDS
) -> Patient | None:
    """The person with this identifier, whichever key it was digested with, of any centre or of none.

    Every call is a look-up: a line in the access log (for unit, the code of a centre), in vain too, and for
    whom no centre where the actor holds the permission knows, one of an hour's budget (lookups.py). Both are
    committed whatever becomes of the request, so that a question that fails is none that was free; hence no
    caller may have begun a transaction. Raises TooManyLookups.
    """
    found = find_patients(identifiers=[identifier], by=by, unit=unit, permission=permission)
    return found[0] if found else None


def find_patients(
    *, identifiers: Sequence[Identified], by: Actor, unit: str = "", permission: Permission
) -> list[Patient]:
    """The persons whom one question may mean, looked up as by `find_patient`: one line where there is none."""
    with acting_as(by):
        found = {identifier: person_with(identifier) for identifier in identifiers}
        persons = list(dict.fromkeys(filter(None, found.values())))
        # In one statement also where nobody is found, since beyond the budget the work must not tell either.
        keys = unnest(person.pk for person in persons)
        own = set(Patient.objects.visible_to(by, permission).filter(pk__in=keys))
        foreign = [identifier.digests()[0][1] for identifier, person in found.items() if person not in own]
        wait = charge(by=by, persons=foreign) if foreign and has_budget(by, permission) else 0
        numbers = [] if wait else [person.registry_number for person in persons]
        log_persons(
            by=by, action=AccessAction.SEARCH, numbers=numbers or [None], unit=unit, detail=REFUSED if wait else ""
        )
    if wait:
        raise TooManyLookups(wait)
    return persons


def find_patient_to_enter(*, identifier: Identified, by: Actor, unit: str) -> Patient | None:
    """Whom an infusion that someone enters is of, looked up as by `find_patient`; None for someone new.

    Raises TooManyLookups, PseudonymUsed, and PatientRefused: of whoever asked not to be registered nothing
    else is told.
    """
    found = find_patient(identifier=identifier, by=by, unit=unit)
    if found is None:
        refuse_refused(identifier)
        refuse_retired_pseudonym(identifier)
    return found


def refuse_refused(identifier: Identified) -> None:
    """Raise PatientRefused for a person who has asked not to be registered."""
    if has_refused([identifier]):
        raise PatientRefused


def has_refused(identifiers: Sequence[Identified]) -> bool:
    """Whether one of these persons has asked not to be registered."""
    tokens = [token for identifier in identifiers for token in refusal_tokens(identifier.digests())]
    return Refusal.objects.filter(token__in=tokens).exists()


def find_visible_patient(*, number: int, by: Actor, permission: Permission) -> Patient:
    """The person with a registry number, if a centre where the actor holds the permission knows them.

    Raises NotFound, alike for a number that nobody has.
    """
    patient = Patient.objects.visible_to(by, permission).filter(registry_number=number).first()
    if patient is None:
        raise NotFound
    return patient


def refusal_tokens(chain: Sequence[tuple[str, bytes]]) -> list[bytes]:
    """By what a person with these digests would be known, had they refused registration."""
    return [refusal_token(key_id, digest) for key_id, digest in chain]


def read_refusals() -> set[bytes]:
    """The tokens of all who have; they are few."""
    return {bytes(token) for token in Refusal.objects.values_list("token", flat=True)}


def person_with(identifier: Identified) -> Patient | None:
    """Whom an identifier names, for a caller that tells nobody: whoever asks calls `find_patient`.

    A centre's own pseudonym names whom the centre has an infusion of, withdrawn or not; else it is retired,
    and names nobody (docs/counting.md, "Pseudonyms").
    """
    found = holder_of(identifier)
    if found and identifier.centre and not found.infusions.filter(centre__code=identifier.centre).exists():
        return None
    return found


def refuse_retired_pseudonym(identifier: Identified) -> None:
    """Raise PseudonymUsed for a pseudonym that names nobody now and stays somebody's."""
    if identifier.centre and holder_of(identifier) and not person_with(identifier):
        raise PseudonymUsed


def holder_of(identifier: Identified) -> Patient | None:
    """The person who has, or had, this identifier; a retired pseudonym too."""
    chain = Q()
    for key_id, digest in identifier.digests():
        chain |= Q(key_id=key_id, digest=digest)
    found = PatientIdentifier.objects.filter(chain).select_related("patient").first()
    return found.patient if found else None
