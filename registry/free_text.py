"""The check of every stored text that someone types: no identity number."""

from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry.numbers_in_text import holds_identity_number


def refuse_identity_number(text: str) -> None:
    """Validate that a text holds no identity number, which would be stored for good."""
    if holds_identity_number(text):
        raise ValidationError(_("This looks like an identity number."), code="identifier_in_text")
