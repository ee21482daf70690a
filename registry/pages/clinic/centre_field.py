"""Choosing one of someone's own centres in a form."""

from django import forms
from django.utils.translation import gettext_lazy

from registry.models import Centre


class CentreField(forms.ChoiceField):
    """One of someone's centres, or none; another centre's code and a made-up one are alike unknown."""

    default_error_messages = {"invalid_choice": gettext_lazy("Choose one of the centres in the list.")}

    def offer(self, centres: list[Centre], nothing: str = "") -> None:
        """Set what may be chosen; a single centre is chosen already."""
        self.choices = [(centre.code, str(centre)) for centre in centres]
        if len(centres) > 1:
            self.choices = [("", nothing), *self.choices]
