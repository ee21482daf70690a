"""Adding a number to a person, or replacing a wrong one, without entering the course again."""

from collections.abc import Iterable, Sequence

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, require
from registry.choices import GIVES_BIRTH_AND_SEX, AccessAction, IdentifierType, Sex
from registry.entry.infusions.ages_by_number import follow_number
from registry.entry.patients.comparison import has_other_birth
from registry.entry.patients.locked import claim_identifier, give_identifier, lock_stored_patient
from registry.entry.patients.lookup import find_patient, refuse_refused
from registry.entry.publish_request import announce_change
from registry.entry.reasons import check_reason
from registry.errors import NotFound, RegistryError
from registry.infusion_input import Identified
from registry.models import Infusion, Patient, PatientIdentifier
from registry.models.access_log import log_persons

# Stored in English in the access log, translated when shown.
ADDED = gettext_noop("an identifier was added")
REPLACED = gettext_noop("a wrong number was replaced")
REMOVED = gettext_noop("a wrong number was removed")


class IdentifierTaken(RegistryError):
    sentence = "The number is another person's."
    code = "identifier_taken"

    def __init__(self, other: Patient):
        super().__init__(_("The number belongs to another person. If the two are one person, merge them."))
        self.registry_number = other.registry_number


class IdentifierKnown(RegistryError):
    sentence = gettext_noop("The person already has this number.")
    code = "identifier_known"


class IdentifierContradicts(RegistryError):
    sentence = "The number contradicts what is known of the person."
    code = "identifier_contradicts"


class OnlyIdentifier(RegistryError):
    sentence = gettext_noop("This is the person's only number: write the right one in its place.")
    code = "only_identifier"


def add_identifier(
    *, patient: Patient, identifier: Identified, by: Actor, reason: str, despite: str = ""
) -> Sequence[Infusion]:
    """Add a number to a person: a protected identity, or a personal number after a coordination number.

    A personal number decides the year of birth and the sex, other numbers only where they are not known.
    despite: why a number that contradicts them is right. Ages that a number gave are derived again; returns the
    infusions whose typed age contradicts the number, about each of which a rule asks the clinic. Raises
    IdentifierTaken, IdentifierKnown, IdentifierContradicts, PatientRefused, NotPermitted, NotFound, ReasonMissing,
    IdentifierInText.
    """
    require(by, Permission.MERGE_PATIENTS)
    stated = _check_reasons(reason, despite)
    _refuse_taken(patient, _look_up(identifier, by))
    with acting_as(by, reason=stated):
        locked = lock_stored_patient(patient)
        _refuse_taken(locked, claim_identifier(identifier))
        refuse_refused(identifier)
        _refuse_contradiction(locked, identifier, despite, locked.identifiers.all())
        by_number = identifier.born_on is not None and any(map(_gives_age, locked.identifiers.all()))
        give_identifier(locked, identifier)
        _follow(locked, identifier, always=identifier.type == IdentifierType.PERSONAL)
        return _conclude(locked, identifier, by=by, detail=ADDED, by_number=by_number)


def replace_identifier(
    *, patient: Patient, wrong: int, identifier: Identified | None, by: Actor, reason: str, despite: str = ""
) -> Sequence[Infusion]:
    """Replace a wrong number by the right one, or remove it (None).

    wrong: the key of the stored identifier. The year of birth and the sex that only the wrong number gave are
    removed with it. Otherwise as add_identifier; also raises OnlyIdentifier.
    """
    require(by, Permission.MERGE_PATIENTS)
    stated = _check_reasons(reason, despite)
    if identifier:
        _refuse_taken(patient, _look_up(identifier, by))
    with acting_as(by, reason=stated):
        locked = lock_stored_patient(patient)
        stored = locked.identifiers.select_for_update().filter(pk=wrong).first()
        if stored is None:
            raise NotFound(_("The person has no such number any more."))
        others = list(locked.identifiers.exclude(pk=wrong))
        if identifier is None and not others:
            raise OnlyIdentifier
        if identifier:
            _refuse_taken(locked, claim_identifier(identifier))
            refuse_refused(identifier)
            _refuse_contradiction(locked, identifier, despite, others)
            give_identifier(locked, identifier)
        is_dated = identifier is not None and identifier.born_on is not None
        by_number = _gives_age(stored) and (is_dated or not any(map(_gives_age, others)))
        gave_birth = stored.type in GIVES_BIRTH_AND_SEX and all(
            other.type not in GIVES_BIRTH_AND_SEX for other in others
        )
        stored.delete()
        if gave_birth and not (identifier and identifier.birth_year):
            locked.birth_year, locked.sex = None, Sex.UNKNOWN
            locked.save(update_fields=["birth_year", "sex"])
        if identifier:
            _follow(locked, identifier, always=gave_birth or identifier.type == IdentifierType.PERSONAL)
        detail = REPLACED if identifier else REMOVED
        return _conclude(locked, identifier, by=by, detail=detail, by_number=by_number)


def read_identifiers(*, patient: Patient, by: Actor) -> Sequence[PatientIdentifier]:
    """A person's stored identifiers, oldest first. Raises NotPermitted."""
    require(by, Permission.MERGE_PATIENTS)
    return list(patient.identifiers.order_by("pk"))


def _look_up(identifier: Identified, by: Actor) -> Patient | None:
    """The person with a number; the look-up is logged, also if nobody has it."""
    return find_patient(identifier=identifier, by=by, permission=Permission.MERGE_PATIENTS)


def _check_reasons(reason: str, despite: str) -> str:
    """Both reasons as stored in the history."""
    reasons = (check_reason(reason), check_reason(despite, needed=False))
    return ": ".join(filter(None, reasons))


def _refuse_taken(patient: Patient, holder: Patient | None) -> None:
    if holder == patient:
        raise IdentifierKnown
    if holder:
        raise IdentifierTaken(holder)


def _refuse_contradiction(
    patient: Patient, identifier: Identified, despite: str, others: Iterable[PatientIdentifier]
) -> None:
    """Raise IdentifierContradicts where the number contradicts the person's known birth, sex or other numbers."""
    years = identifier.birth_year and patient.birth_year and identifier.birth_year != patient.birth_year
    sexes = identifier.sex and patient.sex not in {Sex.UNKNOWN, identifier.sex}
    dates = has_other_birth(others, identifier)
    if not (years or sexes or dates) or despite.strip():
        return
    if years and sexes:
        sentence = _("The number gives another year of birth and another sex: state why it is right all the same.")
    elif years:
        sentence = _("The number gives another year of birth: state why it is right all the same.")
    elif dates:
        sentence = _("The number gives another date of birth: state why it is right all the same.")
    else:
        sentence = _("The number gives another sex: state why it is right all the same.")
    raise IdentifierContradicts(sentence)


def _follow(patient: Patient, identifier: Identified, *, always: bool) -> None:
    """Set the person's year of birth and sex from the number."""
    if identifier.birth_year and (always or patient.birth_year is None):
        patient.birth_year = identifier.birth_year
    if identifier.sex and (always or patient.sex == Sex.UNKNOWN):
        patient.sex = identifier.sex
    patient.save(update_fields=["birth_year", "sex"])


def _gives_age(stored: PatientIdentifier) -> bool:
    """Whether ages were derived from a number; an older row does not record whether it has a day of birth."""
    return stored.type == IdentifierType.PERSONAL or stored.birth_digest is not None


def _conclude(
    patient: Patient, identifier: Identified | None, *, by: Actor, detail: str, by_number: bool
) -> Sequence[Infusion]:
    """Log the change, and derive the ages again; returns the infusions asked about."""
    log_persons(by=by, action=AccessAction.CORRECT, numbers=[patient.registry_number], detail=detail)
    asked = follow_number(patient, identifier, by_number=by_number, by=by)
    announce_change()
    return asked
