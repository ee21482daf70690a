"""The registry's own sentences: stored in English, and shown in the language of whoever reads them."""

from collections.abc import Mapping
from typing import Any

from django.utils.translation import gettext, gettext_noop, ngettext

# What the registry writes where people write too: in questions, and as reasons in the history.
CONFIRMED = gettext_noop("It is right as it stands")
WHICH_IS_FIRST = gettext_noop("Which of this person's infusions was the first?")
RELEASED = gettext_noop("It is settled, and your infusion is registered.")
REGISTERED_TWICE = gettext_noop(
    "The registry's steward has withdrawn this infusion: it was registered twice. Is that right?"
)
NOW_FIRST = gettext_noop(
    "The registry's steward has settled the order: this infusion is now the first. Is that right?"
)
NOW_FURTHER_DOSE = gettext_noop(
    "The registry's steward has settled the order: this infusion is now a further dose. Is that right?"
)
NOW_REINFUSION = gettext_noop(
    "The registry's steward has settled the order: this infusion is now a reinfusion. Is that right?"
)
CORRECTED_FOR_CLINIC = gettext_noop(
    "The registry's steward has corrected this infusion for you, for this reason: %(reason)s. What was changed is "
    "shown in its history. Is that right?"
)
CORRECTION_UNDONE = gettext_noop("Own correction undone")
STATED_WITH_INFUSION = gettext_noop("Stated with an infusion")
REFERRAL_RELEASED = gettext_noop("Sent by %(sender)s, released by the registry's steward")
INVITATION_ACCEPTED = gettext_noop("Invitation accepted")
COMMISSION_OF_SIGN_IN = gettext_noop("Commission of the sign-in")
NOT_USED = gettext_noop("not used for a year")
KEPT_LONG_ENOUGH = gettext_noop("kept long enough")
IMPORT = gettext_noop("import")
RELEASE = gettext_noop("release")
CODE_LISTS = gettext_noop("code lists")
POPULATIONS = gettext_noop("populations")
TRIALS = gettext_noop("trials")
DEMONSTRATION = gettext_noop("demonstration")
WITH_A_VALUE = {REFERRAL_RELEASED: "sender", CORRECTED_FOR_CLINIC: "reason"}
OWN = frozenset(
    {
        CONFIRMED, WHICH_IS_FIRST, RELEASED, REGISTERED_TWICE, NOW_FIRST, NOW_FURTHER_DOSE, NOW_REINFUSION,
        STATED_WITH_INFUSION, INVITATION_ACCEPTED, COMMISSION_OF_SIGN_IN, KEPT_LONG_ENOUGH,
        CORRECTION_UNDONE, NOT_USED, IMPORT, RELEASE, CODE_LISTS, POPULATIONS, TRIALS,
        DEMONSTRATION,
    }
)  # fmt: skip


class Sentence(str):
    """A sentence in the active language, with its English text and its values, to be said again in another."""

    english: str
    values: Mapping[str, object]

    def __new__(cls, english: str, values: Mapping[str, object] | None = None) -> "Sentence":
        """The sentence with its values in their places; without values as it stands."""
        sentence = super().__new__(cls, say(english, values))
        sentence.english, sentence.values = english, values or {}
        return sentence

    def __mod__(self, values: Any) -> "Sentence":
        """The sentence with named values."""
        return Sentence(self.english, values)


def say(english: str, values: Mapping[str, object] | None = None) -> str:
    """A stored sentence in the active language. One that was stored translated stays as it is."""
    said = gettext(english)
    if said == english:  # the gettext of Python 3.11.2 does not find the singular of a sentence with a plural
        said = ngettext(english, english, 1)
    return said % values if values else said


def say_own(text: str) -> str:
    """A stored text: translated where it is one of the registry's own, as written where a person wrote it."""
    for english, name in WITH_A_VALUE.items():
        before, after = english.split(f"%({name})s")
        if text.startswith(before) and text.endswith(after):
            return gettext(english) % {name: text[len(before) : -len(after)]}
    return gettext(text) if text in OWN else text
