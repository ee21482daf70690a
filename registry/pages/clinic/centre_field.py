"""A form field for one of the user's own centres."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext_lazy

from registry.models import Centre


class CentreField(forms.ChoiceField):
    """One of the user's centres, or none; another centre's code is refused like an unknown code."""

    default_error_messages = {"invalid_choice": gettext_lazy("Choose one of the centres in the list.")}

    def offer(self, centres: Iterable[Centre], nothing: str = "", *, preselects: bool = True) -> None:
        """Set the choices; preselects: a single centre is chosen already."""
        self.choices = [(centre.code, str(centre)) for centre in centres]
        if not preselects or len(self.choices) != 1:
            self.choices = [("", nothing), *self.choices]
