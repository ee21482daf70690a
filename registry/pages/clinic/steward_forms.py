"""The forms of the steward, the auditor and the question loop."""

from collections.abc import Iterable

from django import forms
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from registry.choices import CentreStatus
from registry.entry.infusions.row_reader import read_identifier_at
from registry.entry.patients.search import is_registry_number
from registry.entry.questions.questions import LONGEST_TEXT
from registry.errors import NotFound, NotPermitted, RegistryError
from registry.free_text import refuse_identity_number
from registry.identity import IdentifierUnusable, is_local, may_be_identifier
from registry.models import Centre
from registry.pages.clinic.centre_field import CentreField
from registry.pages.clinic.choice_fields import ChoiceField, MultipleChoiceField


class WhoForm(forms.Form):
    """Search for a person. It is sent in the request's body, since what is typed may be an identity number; it is
    shown again in the response, to be corrected, and stored nowhere.
    """

    who = forms.CharField(
        label=gettext_lazy("Registry number or identity number"),
        max_length=80,
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )

    def clean_who(self) -> str:
        """Check that the text has the form of a number."""
        who: str = self.cleaned_data["who"]
        if not is_registry_number(who) and not may_be_identifier(who):
            sentence = _("This is neither a registry number nor an identity number: check it.")
            raise forms.ValidationError(sentence, code="not_a_number")
        return who


class WordsForm(forms.Form):
    """A text about a row or a person, which is stored."""

    text = forms.CharField(
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("Kept in the registry. Do not write names or identity numbers."),
        validators=[refuse_identity_number],
        widget=forms.Textarea(attrs={"rows": 3}),
    )

    def __init__(self, *args, label: str = "", required: bool = True, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["text"].label, self.fields["text"].required = label or _("Reason"), required

    def refuse(self, error: RegistryError, field: str | None = "text") -> None:
        """Show why the registry refused the text."""
        if isinstance(error, NotFound | NotPermitted):
            raise error
        self.add_error(field, forms.ValidationError(str(error), code=error.code))


class MergeForm(WordsForm):
    """The reason for a merge, and an explanation where the numbers do not give the same date of birth."""

    explanation = forms.CharField(
        label=gettext_lazy("Why they are nevertheless one person"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("Shown in the history. Do not write names or identity numbers."),
        validators=[refuse_identity_number],
        widget=forms.Textarea(attrs={"rows": 2}),
    )


class IdentifierForm(WordsForm):
    """A number to add to a person, or to replace a wrong number."""

    number = forms.CharField(
        label=gettext_lazy("Identity number"),
        max_length=80,
        help_text=gettext_lazy("The number is not stored. It is turned into a code that cannot be read back."),
        widget=forms.TextInput(attrs={"autocomplete": "off", "spellcheck": "false", "autocapitalize": "off"}),
    )
    centre = CentreField(
        label=gettext_lazy("Centre"),
        required=False,
        help_text=gettext_lazy("Only for a pseudonym, or for a reserve number of the centre's region."),
    )
    despite = forms.CharField(
        label=gettext_lazy("Why it is right although it contradicts what is known"),
        required=False,
        max_length=LONGEST_TEXT,
        help_text=gettext_lazy("Only where it gives another date of birth or another sex."),
        validators=[refuse_identity_number],
        widget=forms.Textarea(attrs={"rows": 2}),
    )

    field_order = ["number", "centre", "text", "despite"]

    def __init__(self, *args, centres: Iterable[Centre], may_be_empty: bool = False, **kwargs):
        super().__init__(*args, **kwargs)
        self.by_code = {centre.code: centre for centre in centres}
        self.fields["centre"].offer(self.by_code.values(), preselects=False)  # type: ignore[attr-defined]
        self.fields["number"].required = not may_be_empty

    def clean(self) -> dict:
        """Read the number as its centre writes it; None where none is typed."""
        cleaned = super().clean() or self.cleaned_data
        typed = cleaned.get("number")
        centre = self.by_code.get(cleaned.get("centre", ""))
        try:
            if typed and centre is None and is_local(typed):
                self.add_error("centre", _("Choose the centre whose pseudonym it is."))
                return cleaned
            cleaned["identifier"] = read_identifier_at(centre, typed) if typed else None
        except IdentifierUnusable as unusable:
            self.add_error("number", forms.ValidationError(str(unusable), code=unusable.code))
        return cleaned


class MoveForm(WordsForm):
    """From which centre to which, and why."""

    from_centre = CentreField(label=gettext_lazy("Registered at"))
    to_centre = CentreField(label=gettext_lazy("Belongs to"))

    field_order = ["from_centre", "to_centre", "text"]

    def __init__(self, *args, known_at: Iterable[Centre], centres: Iterable[Centre], **kwargs):
        super().__init__(*args, **kwargs)
        known, begun = list(known_at), [centre for centre in centres if centre.status != CentreStatus.UPCOMING]
        self.by_code = {centre.code: centre for centre in (*known, *begun)}
        self.fields["from_centre"].offer(known)  # type: ignore[attr-defined]
        self.fields["to_centre"].offer(begun, preselects=False)  # type: ignore[attr-defined]

    @property
    def between(self) -> tuple[Centre, Centre]:
        """The two centres."""
        return tuple(self.by_code[self.cleaned_data[name]] for name in ("from_centre", "to_centre"))  # type: ignore[return-value]

    def clean(self) -> dict:
        """Check that the centres differ."""
        cleaned = super().clean() or self.cleaned_data
        if cleaned.get("from_centre") and cleaned.get("from_centre") == cleaned.get("to_centre"):
            self.add_error("to_centre", _("Choose a different centre from the present one."))
        return cleaned


class EraseForm(WordsForm):
    """The reason for an erasure, and whether to block a new registration."""

    refuses = ChoiceField(
        label=gettext_lazy("Afterwards"),
        choices=[
            ("yes", gettext_lazy("Block this person from being registered again")),
            ("no", gettext_lazy("Allow this person to be registered again")),
        ],
        widget=forms.RadioSelect,
    )
    confirmed = MultipleChoiceField(
        label=gettext_lazy("Confirmation"),
        choices=[("yes", gettext_lazy("This is the right person. It cannot be undone."))],
        widget=forms.CheckboxSelectMultiple,
    )
