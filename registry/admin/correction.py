"""Correcting an infusion in the admin."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminIntegerFieldWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext_lazy as _

from registry.access import Actor
from registry.admin.action_form import ActionForm
from registry.dates import understand_date
from registry.entry.infusions.ages import AGE_UNSTATED
from registry.entry.infusions.columns import CORRECTABLE
from registry.entry.infusions.record import correct_infusion
from registry.errors import InfusionRefused
from registry.models import Infusion

# The precision is derived from the date as written.
FIELDS = [name for name in CORRECTABLE if name != "date_precision"]


class CorrectionForm(ActionForm):
    """The fields that may be corrected, with their stored values."""

    title = _("Correct infusion")
    explanation = _(
        "The person cannot be changed: withdraw an infusion that was someone else's, and register it again."
    )
    done = _("The infusion is corrected.")
    infused_on = forms.CharField(
        label=capfirst(_("date of infusion")),
        help_text=_("YYYY-MM-DD, or YYYY-MM or YYYY if less is known."),
        widget=AdminTextInputWidget,
    )
    sequence = forms.IntegerField(
        label=capfirst(_("sequence")),
        help_text=_("1, unless the person has two infusions on one day."),
        min_value=1,
        max_value=9,
        widget=AdminIntegerFieldWidget,
    )

    def __init__(self, *args, infusion: Infusion, **kwargs):
        stored = forms.model_to_dict(infusion, FIELDS) | {"infused_on": infusion.written_on}
        super().__init__(*args, infusion=infusion, initial=stored, **kwargs)
        self.fields = forms.fields_for_model(Infusion, FIELDS) | self.fields
        self.order_fields(FIELDS)
        for name in FIELDS:
            # A field counts as changed only if it differs from what the page showed, so that another user's
            # correction made meanwhile is not undone.
            self.fields[name].show_hidden_initial = True

    def clean_infused_on(self) -> tuple:
        """The first day of the written period, and its precision."""
        try:
            return understand_date(self.cleaned_data["infused_on"])
        except ValueError as error:
            raise ValidationError(str(error), code="date_format") from None

    def act(self, by: Actor) -> None:
        try:
            correct_infusion(
                infusion_id=self.infusion.pk,
                changes=dict(self._changes()),
                by=by,
                reason=self.cleaned_data["reason"],
            )
        except InfusionRefused as refused:
            if refused.code == AGE_UNSTATED:  # emptied, so that whatever is typed next counts as stated
                empty = {"age_at_infusion": "", self.add_initial_prefix("age_at_infusion"): ""}
                self.data = self.data.dict() | empty  # type: ignore[attr-defined]  # a QueryDict
            raise

    def _changes(self) -> Iterable[tuple[str, Any]]:
        for name in self.changed_data:
            if name == "infused_on":
                yield from zip((name, "date_precision"), self.cleaned_data[name], strict=True)
            elif name in FIELDS:
                yield name, self.cleaned_data[name]
