"""The form of a row of a code list: a change of a guarded field is confirmed or refused."""

from typing import Any

from django import forms
from django.core.exceptions import ValidationError
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from registry.admin.forms import RecordForm
from registry.admin.rows_in_use import infusion_list_url
from registry.entry.list_changes import (
    InfusionCount,
    count_contradicted,
    count_infusions,
    find_changed,
)


class SeenInput(forms.CheckboxInput):
    """A checkbox whose value is what the page showed, so that it confirms nothing else."""

    def __init__(self, seen: str):
        super().__init__(check_test=lambda value: False)
        self.seen = seen

    def format_value(self, value: Any) -> str:
        return self.seen

    def value_from_datadict(self, data, files, name):
        return data.get(name, "")


class ListForm(RecordForm):
    """A row of a code list; guarded fields change only after the infusions that refer to it were seen."""

    settled = forms.CharField(
        label=_("I have checked the infusions: the change is right for all of them"),
        required=False,
        widget=forms.HiddenInput,
    )

    def clean(self) -> dict[str, Any]:
        """Refuse what would contradict infusions; ask for confirmation where other infusions refer to the row."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance._state.adding:
            return cleaned
        changed = find_changed(self.instance, cleaned)
        referring = count_infusions(self.instance) if changed else InfusionCount({})
        contradicted = {name: count_contradicted(self.instance, name, cleaned[name]) for name in changed}
        for name, rows in contradicted.items():
            if rows.number:
                self.add_error(name, ValidationError(self._forbid(rows), code="keeps_rows_true"))
        if self.errors or not referring.number:
            return cleaned
        seen = f"{', '.join(f'{name}={cleaned[name]}' for name in changed)}; {referring}"
        if cleaned.get("settled") != seen:
            self.fields["settled"].widget = SeenInput(seen)
            self.add_error("settled", ValidationError(self._ask(changed, referring), code="rows_to_be_seen"))
        return cleaned

    def _forbid(self, contradicted: InfusionCount) -> SafeString:
        sentence = ngettext(
            "%(number)s infusion (%(centres)s) would become incorrect: correct or withdraw it first.",
            "%(number)s infusions (%(centres)s) would become incorrect: correct or withdraw them first.",
            contradicted.number,
        )
        return self._with_link(sentence % {"number": contradicted.number, "centres": contradicted})

    def _ask(self, changed: list[str], referring: InfusionCount) -> SafeString:
        sentence = ngettext(
            "%(number)s infusion (%(centres)s) depends on what you change: %(fields)s. Check it, and confirm.",
            "%(number)s infusions (%(centres)s) depend on what you change: %(fields)s. Check them, and confirm.",
            referring.number,
        )
        labels = ", ".join(str(self.fields[name].label) for name in changed)
        return self._with_link(sentence % {"number": referring.number, "centres": referring, "fields": labels})

    def _with_link(self, sentence: str) -> SafeString:
        return format_html(
            '{} <a href="{}">{}</a>', sentence, infusion_list_url(self.instance), gettext("Show them")
        )
