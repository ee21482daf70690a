"""Forms that act on an infusion through registry.entry."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext

from registry.access import Actor
from registry.admin.reason_field import ReasonField
from registry.errors import InfusionRefused, NotFound, RegistryError
from registry.models import Infusion


class ActionForm(forms.Form):
    """An action on an infusion; what registry.entry refuses is shown as errors of the form."""

    title: Any
    explanation: Any = ""
    done: Any
    reason = ReasonField()

    def __init__(self, *args, infusion: Infusion, **kwargs):
        super().__init__(*args, **kwargs)
        self.infusion = infusion

    def carry_out(self, by: Actor) -> bool:
        """Do it; False with errors on the form if it is refused. Raises NotFound."""
        try:
            self.act(by)
        except NotFound:
            raise
        except InfusionRefused as refused:
            for problem in refused.problems:
                field = problem.field if problem.field in self.fields else None
                self.add_error(field, ValidationError(problem.sentence, code=problem.code))
        except RegistryError as refused:
            self.add_error(None, ValidationError(gettext(str(refused)), code=refused.code))
        return self.is_valid()

    def act(self, by: Actor) -> None:
        """Call registry.entry with the cleaned data."""
        raise NotImplementedError
