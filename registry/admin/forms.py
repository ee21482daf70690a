"""The reason that a change is asked for, and the database's rules in words."""

from datetime import date

from django import forms
from django.contrib.admin.widgets import AdminDateWidget, AdminTextareaWidget
from django.core.exceptions import NON_FIELD_ERRORS, ValidationError
from django.utils.translation import gettext_lazy as _

from registry.dates import understand_date
from registry.identity import holds_identity_number

# name of a constraint -> the field that it is about, and what it asks for
RULES = {
    "centre_code_is_capitals": ("code", _("A code is 2 to 12 capital letters A–Z and digits.")),
    "site_code_is_capitals": ("code", _("A code is 2 to 12 capital letters A–Z and digits.")),
    "centre_lies_on_earth": (None, _("Latitude is between -90 and 90, longitude between -180 and 180.")),
    "product_name_in_any_case": ("name", _("There is a product of this name already.")),
    "product_inn_in_any_case": ("inn", _("There is a product with this INN already.")),
    "product_date_has_precision": (
        "authorised_precision",
        _("Give a date and its precision, or neither."),
    ),
    "product_interval_is_of_planned_doses": (
        "planned_doses",
        _(
            "With more than one planned dose, give the days between two and the most, which are not fewer; "
            "with one, give neither."
        ),
    ),
    "trial_identifier_is_registered_form": (
        "identifier",
        _("Write NCT and 8 digits, an EU CT number (2022-501234-12-00) or EudraCT (2012-001234-56)."),
    ),
    "membership_is_one_role": (None, _("One role at each centre: change the one that is there.")),
}


NO_TEXT = {"password1", "password2", "settled"}  # kept as a digest, or a page's own


def refuse_identity_number(text: str) -> None:
    """A validator: a free text would keep an identity number for good."""
    if holds_identity_number(text):
        raise ValidationError(_("This looks like an identity number."), code="identifier_in_text")


class TypedDayInput(AdminDateWidget):
    """Django's field for a day; what was typed comes back as it was understood."""

    def value_from_datadict(self, data, files, name):
        """What was typed, as YYYY-MM-DD where it is a day."""
        typed = super().value_from_datadict(data, files, name)
        try:
            return understand_date(typed or "")[0].isoformat()
        except ValueError:
            return typed


class TypedDay(forms.DateField):
    """A day, read as in the clinics' pages: Django's own reading takes 12/11/2026 for a day in December."""

    def to_python(self, value) -> date | None:
        """The day; of a month or a year its first, whose precision stands in a field of its own."""
        if value in self.empty_values or isinstance(value, date):
            return value or None
        try:
            return understand_date(value)[0]
        except ValueError as error:
            raise ValidationError(str(error), code="date_invalid") from None


class ReasonField(forms.CharField):
    """Why a change is made; it stands in the history."""

    def __init__(self, **kwargs):
        super().__init__(
            label=_("Reason"),
            max_length=500,
            widget=AdminTextareaWidget(attrs={"rows": 2}),
            help_text=_("Stands in the history. Write no names and no identity numbers."),
            validators=[refuse_identity_number],
            **kwargs,
        )


class WithoutNumbers(forms.ModelForm):
    """A row whose texts hold no identity number."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.CharField) and name not in NO_TEXT:
                field.validators = [*field.validators, refuse_identity_number]


class RulesForm(WithoutNumbers):
    """A row whose table has rules of its own in the database."""

    def add_error(self, field, error) -> None:
        """Django's, with each broken rule of the table as a sentence beside its field."""
        found = getattr(error, "error_dict", {})
        names = {rule.get_violation_error_message(): rule.name for rule in self.instance._meta.constraints}
        for broken in found.pop(NON_FIELD_ERRORS, []):
            beside, sentence = RULES.get(names.get(broken.message, ""), (None, broken))
            super().add_error(beside, sentence)
        if found or not hasattr(error, "error_dict"):
            super().add_error(field, error)


class RecordForm(RulesForm):
    """A row with a page of its own: a change asks for its reason."""

    reason = ReasonField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = not self.instance._state.adding
