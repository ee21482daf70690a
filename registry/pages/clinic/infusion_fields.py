"""The fields of an infusion's form, one per column."""

from django import forms
from django.utils.text import format_lazy
from django.utils.translation import gettext_lazy as _

from registry.choices import Category, Kind
from registry.entry.infusions.columns import TABLE, Column, Number
from registry.pages.clinic.date_field import DateText

ANSWER = "former_first_becomes"
# The order on the page; other columns come last.
ORDER = (
    "centre", "patient_id", "category", "trial", "product", "indication", "infused_on", "kind", ANSWER,
    "age_at_infusion", "sex", "sequence", "manufacturing_site", "batch",
)  # fmt: skip
# Help texts of fields whose label is not enough.
HELP = {
    "patient_id": _(
        "Personal identity or coordination number (YYYYMMDD-NNNN), a reserve number, or local: and your own "
        "pseudonym. The number is not stored. It is turned into a code that cannot be read back."
    ),
    "trial": _("For an academic or an industry trial."),
    "infused_on": _("YYYY-MM-DD, or YYYY-MM or YYYY if less is known. Digits suffice: 261120."),
    "age_at_infusion": _("Only where the identity number does not give it."),
    "sex": _("Only where the identity number does not give it."),
    "sequence": _("1, unless the person has two infusions on one day."),
}
WIDGETS: dict[str, forms.Widget] = {
    "patient_id": forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    # With the code, which is what tables and messages show.
    "category": forms.RadioSelect(
        choices=[(category.value, format_lazy("{} – {}", category.value, category.label)) for category in Category]
    ),
    "infused_on": DateText(),
    "kind": forms.RadioSelect(choices=Kind.choices),
    "batch": forms.TextInput(attrs={"autocomplete": "off"}),
}


def field_of(column: Column) -> forms.CharField:
    """The form field of a column; it does not validate by itself (InfusionForm)."""
    is_number = isinstance(column.holds, Number)
    number = forms.TextInput(attrs={"inputmode": "numeric", "autocomplete": "off"}) if is_number else None
    return forms.CharField(
        label=_(column.label),
        required=False,
        help_text=HELP.get(column.name, ""),
        widget=WIDGETS.get(column.name) or number,
    )


def fields_of_columns() -> dict[str, forms.Field]:
    """New form fields by column."""
    return {column.name: field_of(column) for column in TABLE if column.label}
