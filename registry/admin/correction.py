"""What an administrator may do to an infusion: correct it or withdraw it, with a reason."""

from collections.abc import Iterable
from typing import Any

from django import forms
from django.contrib.admin.widgets import AdminIntegerFieldWidget, AdminTextInputWidget
from django.core.exceptions import ValidationError
from django.utils.text import capfirst
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.access import Actor
from registry.admin.forms import ReasonField
from registry.dates import understand_date
from registry.entry.infusions.ages import AGE_UNSTATED
from registry.entry.infusions.columns import CORRECTABLE
from registry.entry.infusions.record import correct_infusion, withdraw_infusion
from registry.errors import InfusionRefused, NotFound, RegistryError
from registry.models import Infusion

# The precision is read from how much of the date is written.
FIELDS = [name for name in CORRECTABLE if name != "date_precision"]


class ActionForm(forms.Form):
    """Something done to one infusion through registry.entry, with what it refuses said in the form."""

    title: Any
    explanation: Any = ""
    done: Any
    reason = ReasonField()

    def __init__(self, *args, infusion: Infusion, **kwargs):
        super().__init__(*args, **kwargs)
        self.infusion = infusion

    def carry_out(self, by: Actor) -> bool:
        """Whether it was done; if not, the reasons stand beside the fields. Raises NotFound."""
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
        """Call registry.entry with what was typed."""
        raise NotImplementedError


class WithdrawalForm(ActionForm):
    """Asks for the reason alone."""

    title = _("Withdraw infusion")
    explanation = _(
        "The infusion leaves all counts and stays in the registry with its history. Where it was the "
        "person's first, the next one takes its place in the counts. It cannot be submitted again."
    )
    done = _("The infusion is withdrawn.")

    def act(self, by: Actor) -> None:
        """Withdraw the infusion."""
        withdraw_infusion(infusion_id=self.infusion.pk, by=by, reason=self.cleaned_data["reason"])


class CorrectionForm(ActionForm):
    """The fields that may be corrected, as they are stored now."""

    title = _("Correct infusion")
    explanation = _(
        "The person cannot be changed: withdraw an infusion that was someone else's, and register it again."
    )
    done = _("The infusion is corrected.")
    infused_on = forms.CharField(
        label=capfirst(_("date of infusion")),
        help_text=_("YYYY-MM-DD, or YYYY-MM or YYYY where less is known."),
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
            # The page carries what it showed, so that only what was typed over it is a change:
            # a field that someone else corrects meanwhile keeps their correction.
            self.fields[name].show_hidden_initial = True

    def clean_infused_on(self) -> tuple:
        """The first day of the written period, and the precision."""
        try:
            return understand_date(self.cleaned_data["infused_on"])
        except ValueError as error:
            raise ValidationError(str(error), code="date_format") from None

    def act(self, by: Actor) -> None:
        """Correct the fields that were changed."""
        try:
            correct_infusion(
                infusion_id=self.infusion.pk,
                changes=dict(self._changes()),
                by=by,
                reason=self.cleaned_data["reason"],
            )
        except InfusionRefused as refused:
            if refused.code == AGE_UNSTATED:  # asked for empty, so that whatever is typed now is stated
                empty = {"age_at_infusion": "", self.add_initial_prefix("age_at_infusion"): ""}
                self.data = self.data.dict() | empty  # type: ignore[attr-defined]  # a QueryDict
            raise

    def _changes(self) -> Iterable[tuple[str, Any]]:
        for name in self.changed_data:
            if name == "infused_on":
                yield from zip((name, "date_precision"), self.cleaned_data[name], strict=True)
            elif name in FIELDS:
                yield name, self.cleaned_data[name]
