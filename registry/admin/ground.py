"""The form of a row of a list on which infusions rest: they are named, and the change is settled or refused."""

from typing import Any
from urllib.parse import urlencode

from django import forms
from django.core.exceptions import ValidationError
from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext
from django.utils.translation import gettext_lazy as _

from registry.admin.forms import RecordForm
from registry.entry.ground import Resting, find_changed, find_resting, find_untrue, find_users
from registry.models import Centre


class SeenInput(forms.CheckboxInput):
    """A box whose value is what was seen, so that it confirms nothing else."""

    def __init__(self, seen: str):
        super().__init__(check_test=lambda value: False)
        self.seen = seen

    def format_value(self, value: Any) -> str:
        """What was seen."""
        return self.seen

    def value_from_datadict(self, data, files, name):
        """What was confirmed."""
        return data.get(name, "")


class ListForm(RecordForm):
    """A row of a list; what infusions rest on does not change under them unseen."""

    settled = forms.CharField(
        label=_("I have seen the infusions: the change is right for all of them"),
        required=False,
        widget=forms.HiddenInput,
    )

    def clean(self) -> dict[str, Any]:
        """Refuse what would make infusions untrue, and ask whether the others were seen."""
        cleaned = super().clean() or self.cleaned_data
        if self.instance._state.adding:
            return cleaned
        changed = find_changed(self.instance, cleaned)
        resting = find_resting(self.instance) if changed else Resting({})
        untrue = {name: find_untrue(self.instance, name, cleaned[name]) for name in changed}
        for name, rows in untrue.items():
            if rows.number:
                self.add_error(name, ValidationError(self._forbid(rows), code="keeps_rows_true"))
        if self.errors or not resting.number:
            return cleaned
        seen = f"{', '.join(f'{name}={cleaned[name]}' for name in changed)}; {resting}"
        if cleaned.get("settled") != seen:
            self.fields["settled"].widget = SeenInput(seen)
            self.add_error("settled", ValidationError(self._ask(changed, resting), code="rows_to_be_seen"))
        return cleaned

    def _forbid(self, untrue: Resting) -> SafeString:
        sentence = ngettext(
            "%(number)s infusion (%(centres)s) would become untrue: correct or withdraw it first.",
            "%(number)s infusions (%(centres)s) would become untrue: correct or withdraw them first.",
            untrue.number,
        )
        return self._with_link(sentence % {"number": untrue.number, "centres": untrue})

    def _ask(self, changed: list[str], resting: Resting) -> SafeString:
        sentence = ngettext(
            "%(number)s infusion (%(centres)s) rests on what you change: %(fields)s. Look at it, and confirm.",
            "%(number)s infusions (%(centres)s) rest on what you change: %(fields)s. Look at them, and confirm.",
            resting.number,
        )
        labels = ", ".join(str(self.fields[name].label) for name in changed)
        return self._with_link(sentence % {"number": resting.number, "centres": resting, "fields": labels})

    def _with_link(self, sentence: str) -> SafeString:
        return format_html(
            '{} <a href="{}">{}</a>', sentence, list_of_resting(self.instance), gettext("Show them")
        )


def list_of_resting(row) -> str:
    """The address of the list of infusions that rest on a row."""
    name = row.ground.column.removesuffix("_id")
    return f"{reverse('admin:registry_infusion_changelist')}?{urlencode({f'{name}__id__exact': row.pk})}"


def say_kept(row) -> SafeString:
    """Why a row cannot be deleted: what rests on it, and what to do instead."""
    resting, users = find_resting(row), find_users(row)
    sentences = []
    if resting.number:
        sentence = ngettext(
            "%(row)s is kept: %(number)s infusion (%(centres)s) rests on it.",
            "%(row)s is kept: %(number)s infusions (%(centres)s) rest on it.",
            resting.number,
        )
        named = {"row": capfirst(str(row)), "number": resting.number, "centres": resting}
        sentences.append(sentence % named)
    if users:
        listed = ", ".join(f"{model._meta.verbose_name_plural} {number}" for model, number in users)
        sentence = gettext("%(row)s is used elsewhere in the registry, so it is kept: %(listed)s.")
        sentences.append(sentence % {"row": capfirst(str(row)), "listed": listed})
    if isinstance(row, Centre):
        sentences.append(gettext("A centre that gives no more infusions is given the status closed."))
    said = " ".join(sentences)
    if not resting.number:
        return format_html("{}", said)
    return format_html('{} <a href="{}">{}</a>', said, list_of_resting(row), gettext("Show them"))
