"""The reason for a change: required, and without anything that identifies a person."""

from registry.errors import IdentifierInText, ReasonMissing
from registry.numbers_in_text import holds_identity_number


def check_reason(reason: str, *, needed: bool = True) -> str:
    """The reason as stored in the history. Raises ReasonMissing, IdentifierInText."""
    reason = reason.strip()
    if needed and not reason:
        raise ReasonMissing
    if holds_identity_number(reason):
        raise IdentifierInText
    return reason
