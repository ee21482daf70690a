"""A date field that reads dates as the clinics' pages do."""

from datetime import date

from django import forms
from django.contrib.admin.widgets import AdminDateWidget
from django.core.exceptions import ValidationError

from registry.dates import understand_date


class TypedDayInput(AdminDateWidget):
    """A date input that shows what was typed as it was understood."""

    def value_from_datadict(self, data, files, name):
        """The typed text, as YYYY-MM-DD if it is a date."""
        typed = super().value_from_datadict(data, files, name)
        try:
            return understand_date(typed or "")[0].isoformat()
        except ValueError:
            return typed


class TypedDay(forms.DateField):
    """A day, read as in the clinics' pages; Django would read 12/11/2026 as a day in December."""

    def to_python(self, value) -> date | None:
        """The day, or the first day of a month or year, whose precision is a field of its own."""
        if value in self.empty_values or isinstance(value, date):
            return value or None
        try:
            return understand_date(value)[0]
        except ValueError as error:
            raise ValidationError(str(error), code="date_invalid") from None
