"""Forms of records: database rules as sentences, no identity numbers in texts, a reason for each change."""

from django import forms
from django.core.exceptions import NON_FIELD_ERRORS
from django.utils.translation import gettext_lazy as _

from registry.admin.reason_field import ReasonField
from registry.free_text import refuse_identity_number

# Constraint: the field that it is about, and a sentence that says what to do.
RULES = {
    "centre_code_is_capitals": ("code", _("A code is 2 to 12 capital letters A–Z and digits.")),
    "site_code_is_capitals": ("code", _("A code is 2 to 12 capital letters A–Z and digits.")),
    "centre_lies_on_earth": (None, _("Latitude is between -90 and 90, longitude between -180 and 180.")),
    "product_name_in_any_case": ("name", _("There is already a product of this name.")),
    "product_inn_in_any_case": ("inn", _("There is already a product with this INN.")),
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
    "trial_other_identifiers_are_of_a_form": (
        "other_identifiers",
        _("Write NCT and 8 digits, an EU CT number (2022-501234-12-00) or EudraCT (2012-001234-56)."),
    ),
    "trial_identifiers_are_its_own": (
        "other_identifiers",
        _("One of these numbers is another trial's in the registry, or stands twice."),
    ),
    "exemption_runs_in_its_year": ("through", _("The last day has to lie in the year.")),
    "exemption_begins_before_its_year": ("first_year", _("The first year has to be before the year.")),
    "manufacturing_imports_add_patients": (
        "patients_with_imports",
        _("The patients with imports are not fewer than the patients."),
    ),
    "membership_is_one_role": (None, _("A user has one role at a centre: change the existing one.")),
}
NO_TEXT = {"password1", "password2", "settled"}  # stored as a digest, or not stored


class WithoutNumbers(forms.ModelForm):
    """A form that refuses identity numbers in its texts."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        for name, field in self.fields.items():
            if isinstance(field, forms.CharField) and name not in NO_TEXT:
                field.validators = [*field.validators, refuse_identity_number]


class RulesForm(WithoutNumbers):
    """A form that shows a broken constraint of the table as a sentence."""

    def add_error(self, field, error) -> None:
        """Show a broken constraint beside the field that it is about."""
        found = getattr(error, "error_dict", {})
        names = {rule.get_violation_error_message(): rule.name for rule in self.instance._meta.constraints}
        for broken in found.pop(NON_FIELD_ERRORS, []):
            beside, sentence = RULES.get(names.get(broken.message, ""), (None, broken))
            super().add_error(beside, sentence)
        if found or not hasattr(error, "error_dict"):
            super().add_error(field, error)


class RecordForm(RulesForm):
    """A form in which a change needs a reason."""

    reason = ReasonField(required=False)

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["reason"].required = not self.instance._state.adding
