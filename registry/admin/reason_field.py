"""The reason for a change."""

from django import forms
from django.contrib.admin.widgets import AdminTextareaWidget
from django.utils.translation import gettext_lazy as _

from registry.free_text import refuse_identity_number


class ReasonField(forms.CharField):
    """The reason for a change, shown in the history."""

    def __init__(self, **kwargs):
        super().__init__(
            label=_("Reason"),
            max_length=500,
            widget=AdminTextareaWidget(attrs={"rows": 2}),
            help_text=_("Shown in the history. Do not write names or identity numbers."),
            validators=[refuse_identity_number],
            **kwargs,
        )
