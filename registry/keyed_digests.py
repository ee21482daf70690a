"""A person's identifier and its keyed digest, which is all that is stored of a number.

The digest is HMAC-SHA-256 under a key from the environment. Since the number is not stored, it cannot be digested
again when a key is replaced; instead the new key digests the old digest. The key id of a digest says how far along
the chain of keys it is, and a look-up computes the same chain (DOMAIN.md, "Identity of a patient"). Once all that
is stored has been carried on to the newest key (entry/patients/rekeying.py), the older ones are steps on the way.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date

from registry.choices import IdentifierType, Sex
from registry.errors import Busy
from registry.identity_keys import DIGEST_BYTES, are_kept, carry, carry_all, key_ids

NO_DIGEST = bytes(DIGEST_BYTES)  # in the place of a step that is not kept
ASKED = "asked"  # the keeper
REFUSES, MARK = b"do-not-register:", b"mark:"

Step = tuple[str, bytes]  # a key's id, and a digest under it


@dataclass(frozen=True)
class Identifier:
    """A patient's identifier before it is digested; its repr shows only the type.

    born_on, birth_year and sex are what the number itself gives, None if nothing. centre: the centre's code, for a
    centre's pseudonym. century_written: true of 12 digits, inferred for 10. unconfirmed: a reserve number in a
    format that is not published, or no longer in use.
    """

    type: IdentifierType
    canonical: str = field(repr=False)
    born_on: date | None = field(default=None, repr=False)
    sex: Sex | None = field(default=None, repr=False)
    birth_year: int | None = field(default=None, repr=False)
    centre: str = field(default="", repr=False)
    century_written: bool = field(default=True, repr=False, compare=False)
    unconfirmed: bool = field(default=False, repr=False, compare=False)

    @property
    def issuer(self) -> str:
        """The key of the issuer of a reserve number."""
        return self.canonical.split(":")[1]

    def is_same_as(self, other: "Identifier") -> bool:
        """Whether both are one number."""
        return self.canonical == other.canonical

    def digests(self) -> list[Step]:
        """(key id, 32 bytes) for each key of the chain, oldest first. Raises KeeperAway, KeeperSpent."""
        if are_kept():
            return list(_ask_once(self)[0])
        return list(zip(key_ids(), carry(self.canonical.encode()), strict=True))

    def chain(self) -> bytes:
        """The concatenated digests, oldest key first."""
        return chain_of(self.digests()) if are_kept() else b"".join(carry(self.canonical.encode()))

    def birth_digest(self) -> bytes | None:
        """The digest of the date of birth under the newest key, through a chain like the number's."""
        if self.born_on is None:
            return None
        return _ask_once(self)[1] if are_kept() else carry(_birth_message(self.born_on))[-1]


@dataclass(frozen=True)
class SealedIdentifier:
    """An identifier of a stored unfinished row, of which only digests are left: enough to find its person."""

    type: IdentifierType
    chain: bytes = field(repr=False)  # the concatenated digests, oldest key first (chain_of)
    birth_year: int | None = field(default=None, repr=False)
    centre: str = ""
    born: bytes | None = field(default=None, repr=False)  # Identifier.birth_digest as of when the chain was made
    born_on: None = None
    sex: None = None
    century_written: bool = True
    unconfirmed: bool = False

    @classmethod
    def of_row(
        cls,
        type_: str,
        *,
        chain: bytes | memoryview,
        birth_year: int | None,
        birth_digest: bytes | memoryview | None,
        centre: str,
    ) -> "SealedIdentifier":
        """The identifier of a row as stored; centre: the row's, which counts for a pseudonym alone."""
        known = IdentifierType(type_)
        born = bytes(birth_digest) if birth_digest else None
        return cls(known, bytes(chain), birth_year, centre if known == IdentifierType.LOCAL else "", born)

    def digests(self) -> list[Step]:
        """(key id, digest) for each key of the chain, continued through newer keys; none for a step not kept."""
        steps = split_chain(self.chain)
        steps += carry(steps[-1], len(steps))
        return [(key_id, step) for key_id, step in zip(key_ids(), steps, strict=False) if step != NO_DIGEST]

    def birth_digest(self) -> bytes | None:
        """As Identifier.birth_digest, continued through newer keys."""
        return carry_on(self.born, len(self.chain) // DIGEST_BYTES) if self.born else None


def digest_ahead(identifiers: Iterable[object]) -> None:
    """Let the keeper digest all of these by one question. Without a keeper there is nothing to be gained."""
    if not are_kept():
        return
    waiting = [one for one in identifiers if isinstance(one, Identifier) and ASKED not in vars(one)]
    keys = key_ids()
    numbers = carry_all((one.canonical.encode(), 0) for one in waiting)
    born = iter(carry_all((_birth_message(one.born_on), 0) for one in waiting if one.born_on))
    for one, steps in zip(waiting, numbers, strict=True):
        vars(one)[ASKED] = list(zip(keys, steps, strict=True)), next(born)[-1] if one.born_on else None


def _ask_once(identifier: Identifier) -> tuple[list[Step], bytes | None]:
    """What the keeper has digested of an identifier, which keeps it for as long as it lives itself."""
    digest_ahead([identifier])
    asked: tuple[list[Step], bytes | None] = vars(identifier)[ASKED]
    return asked


def _birth_message(born_on: date) -> bytes:
    return b"birth-date:%s" % born_on.isoformat().encode()


def chain_of(digests: Iterable[Step], *, newest_alone: bool = False) -> bytes:
    """The concatenated digests of an identifier (see `digests`), oldest key first.

    newest_alone: with nothing in the place of each older one. Raises Busy.
    """
    known = dict(digests)
    steps = [known.get(key_id, NO_DIGEST) for key_id in key_ids()]
    if steps[-1] == NO_DIGEST:
        raise Busy  # the keeper has been given a key since these were asked for
    return b"".join([NO_DIGEST] * (len(steps) - 1) + steps[-1:] if newest_alone else steps)


def chains_of(digests: Iterable[Step]) -> list[bytes]:
    """All the chains under which a row of this identifier may be stored, before and after each key came."""
    steps = split_chain(chain_of(digests))
    known = [steps[: place + 1] for place in range(len(steps))]
    return [b"".join(chain) for older in known for chain in (older, [NO_DIGEST] * (len(older) - 1) + older[-1:])]


def split_chain(chain: bytes | memoryview) -> list[bytes]:
    """The digests of a chain, oldest key first."""
    return [bytes(chain[start : start + DIGEST_BYTES]) for start in range(0, len(chain), DIGEST_BYTES)]


def carry_on(digest: bytes, place: int) -> bytes:
    """A stored digest carried on to the newest key; place: in the chain, of the key after its own."""
    return (carry(digest, place) or [digest])[-1]


def carry_birth_digest(key_id: str, digest: bytes) -> bytes | None:
    """A stored digest of a date of birth, carried on to the newest key; None where its key is gone."""
    names = key_ids()
    return carry_on(digest, names.index(key_id) + 1) if key_id in names else None


def refusal_token(key_id: str, digest: bytes) -> bytes:
    """The token stored of a person who refuses registration, under the newest key, by which a new registration
    is recognised. key_id: of the digest.
    """
    return carry(REFUSES + digest, key_ids().index(key_id))[-1]


def refusal_tokens(persons: Iterable[Sequence[Step]]) -> Iterator[set[bytes]]:
    """Per person, the tokens that may be stored if the person has refused registration.

    Each digest may have been the one that was stored of the person when it was asked for, and its token has been
    carried on since, or not yet.
    """
    places = {key_id: place for place, key_id in enumerate(key_ids())}
    chains = list(persons)
    tokens = iter(carry_all((REFUSES + digest, places[key_id]) for chain in chains for key_id, digest in chain))
    for chain in chains:
        yield {token for _digest in chain for token in next(tokens)}


def seal_mark(text: str) -> bytes:
    """A keyed digest for comparing texts without storing them, under the oldest key, which is kept longest."""
    return carry(MARK + text.encode())[0]
