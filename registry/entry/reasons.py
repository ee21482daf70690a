"""The reason of a change: stated, and without anything that tells who a person is."""

from registry.errors import IdentifierInText, ReasonMissing
from registry.identity import holds_identity_number


def check_reason(reason: str, *, needed: bool = True) -> str:
    """The reason as history keeps it. Raises ReasonMissing, IdentifierInText."""
    reason = reason.strip()
    if needed and not reason:
        raise ReasonMissing
    if holds_identity_number(reason):
        raise IdentifierInText
    return reason
