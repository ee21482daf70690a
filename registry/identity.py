"""An identity number goes in, a keyed digest comes out; nothing else touches a number.

The digest is HMAC-SHA-256 under a key from the environment. Since the number is not kept, it
cannot be digested again when a key is replaced; instead the new key digests the old digest.
A digest therefore has a key id that says how far along the chain of keys it stands, and a
look-up walks the same chain (DOMAIN.md, "Identity of a patient").
"""

import hashlib
import hmac
import re
import unicodedata
from dataclasses import dataclass, field
from datetime import date

from django.conf import settings
from django.utils.translation import gettext as _
from personnummer.personnummer import Personnummer, PersonnummerException, valid

from registry.choices import IdentifierType, Sex
from registry.clock import today
from registry.errors import RegistryError

EARLIEST_BIRTH = 1880
DIGEST_BYTES = 32  # of SHA-256
LOCAL_PREFIX = "local:"
# The formats of reserve numbers are unconfirmed (DOMAIN.md): each is opaque after this check.
RESERVE_FORMATS = {
    IdentifierType.RESERVE_STOCKHOLM: re.compile(r"99\d{10}"),
    IdentifierType.RESERVE_VASTRA_GOTALAND: re.compile(r"(?:19|20)\d{6}[A-Z][A-Z0-9]{3}"),
    IdentifierType.RESERVE_NATIONAL: re.compile(r"(?=.*[A-Z])[0-9A-Z]{12}"),
}
LOCAL_FORMAT = re.compile(r"[\w.\-]{1,64}")
# People part a number in many ways, and word processors make other hyphens of theirs.
PARTS = r"[\s./_\-\u2010-\u2015\u2212]{0,3}"
# Looked for from every digit group, for a date before a number must not take its first digits along.
NUMBER_IN_TEXT = re.compile(
    rf"(?<!\d)(?=((?:\d{{2}})?\d{{2}}{PARTS}\d{{2}}{PARTS}\d{{2}}(?:{PARTS}|\+)\d{{4}})(?!\d))", re.ASCII
)
PERSONAL_FORMAT = re.compile(r"(?:\d{2})?\d{6}[-+]?\d{4}", re.ASCII)


class IdentifierUnusable(RegistryError):
    """The identifier cannot be read. The text never repeats it."""

    code = "identifier_invalid"


@dataclass(frozen=True)
class Identifier:
    """A patient's identifier, only on its way to a digest; printing it shows its type alone.

    born_on and sex are what the number itself says, None where it says nothing.
    """

    type: IdentifierType
    canonical: str = field(repr=False)
    born_on: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)

    def digests(self) -> list[tuple[str, bytes]]:
        """(key id, 32 bytes) at every step of the chain, the oldest key first."""
        value = self.canonical.encode()
        steps = []
        for key_id, key in oldest_first():
            value = _hmac(key, value)
            steps.append((key_id, value))
        return steps


def oldest_first() -> list[tuple[str, bytes]]:
    """The keys in the order in which they were taken into use."""
    return list(reversed(settings.IDENTITY_KEYS.items()))


def refusal_token(key_id: str, digest: bytes) -> bytes:
    """What stays of a person who refuses registration: enough to know them again, no more."""
    return _hmac(settings.IDENTITY_KEYS[key_id], b"do-not-register:" + digest)


def lookup_token(user: int, digest: bytes) -> bytes:
    """What tells one user's look-ups of one person apart from those of others; nobody else's has it."""
    key = next(iter(settings.IDENTITY_KEYS.values()))
    return _hmac(key, b"look-up:%d:" % user + digest)


def read_identifier(text: str, *, centre: str) -> Identifier:
    """Read what a clinic writes; centre is the code of the centre, for its own pseudonyms.

    Raises IdentifierUnusable.
    """
    text = text.strip()
    if text.lower().startswith(LOCAL_PREFIX):
        return _read_local(text[len(LOCAL_PREFIX) :].strip(), centre)
    bare = "".join(text.split()).upper()
    if bare.startswith(("RESERVE:", "RESERV:")):
        return _read_reserve(bare.partition(":")[2].replace("-", ""))
    is_stockholm = RESERVE_FORMATS[IdentifierType.RESERVE_STOCKHOLM].fullmatch(bare.replace("-", ""))
    if PERSONAL_FORMAT.fullmatch(bare) and not is_stockholm:
        return _read_personal(bare)
    return _read_reserve(bare.replace("-", ""))


def holds_identity_number(text: str) -> bool:
    """Whether a free text holds a personal identity or coordination number."""
    plain = unicodedata.normalize("NFKC", text)  # full-width digits are digits too
    return any(valid(re.sub(r"[^\d+]", "", number)) for number in NUMBER_IN_TEXT.findall(plain))


def _read_personal(bare: str) -> Identifier:
    try:
        number = Personnummer(bare)
        born_on = number.get_date()
    except (PersonnummerException, ValueError):
        # `from None`: the library's message repeats the number.
        raise IdentifierUnusable(
            _("This is not a valid personal identity or coordination number: check the digits.")
        ) from None
    if born_on > today():
        raise IdentifierUnusable(_("The number gives a date of birth in the future."))
    if born_on.year < EARLIEST_BIRTH:
        raise IdentifierUnusable(_("The number gives a date of birth before 1880."))
    coordination = number.is_coordination_number()
    return Identifier(
        type=IdentifierType.COORDINATION if coordination else IdentifierType.PERSONAL,
        canonical="person:" + number.format(long_format=True),
        born_on=born_on,
        sex=Sex.FEMALE if number.is_female() else Sex.MALE,
    )


def _read_reserve(bare: str) -> Identifier:
    for type_, pattern in RESERVE_FORMATS.items():
        if pattern.fullmatch(bare):
            return Identifier(type=type_, canonical=f"{type_}:{bare}")
    raise IdentifierUnusable(
        _(
            "Write a personal identity or coordination number (YYYYMMDD-NNNN), a reserve number, "
            "or the centre's own pseudonym as local:…"
        )
    )


def _read_local(value: str, centre: str) -> Identifier:
    if not LOCAL_FORMAT.fullmatch(value):
        raise IdentifierUnusable(
            _("A pseudonym is up to 64 letters, digits, points, hyphens and underscores after local:")
        )
    return Identifier(type=IdentifierType.LOCAL, canonical=f"local:{centre}:{value}")


def _hmac(key: bytes, message: bytes) -> bytes:
    return hmac.digest(key, message, hashlib.sha256)
