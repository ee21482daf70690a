"""The reason for a change."""

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.core.exceptions import ValidationError
from django.utils.translation import gettext_lazy as _

from registry.identity import holds_identity_number


def refuse_identity_number(text: str) -> None:
    """Validate that a text holds no identity number, which the history would keep for good."""
    if holds_identity_number(text):
        raise ValidationError(_("This looks like an identity number."), code="identifier_in_text")


class ReasonField(forms.CharField):
    """The reason for a change, shown in the history."""

    def __init__(self, **kwargs):
        super().__init__(
            label=_("Reason"),
            max_length=500,
            widget=AdminTextareaWidget(attrs={"rows": 2}),
            help_text=_("Shown in the history. Write no names and no identity numbers."),
            validators=[refuse_identity_number],
            **kwargs,
        )
