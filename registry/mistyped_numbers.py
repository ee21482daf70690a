"""Recognising what people type instead of a person's number, to name it in the error."""

import re

from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.digits import is_day

NO_LAST_FOUR = re.compile(r"((?:19|20)?\d{6})[-+]?[xX*?_]{0,4}", re.ASCII)
LONG = len("YYYYMMDD")
PHONE = re.compile(r"(?:\+|00)\d{8,14}|0[1-9]\d{6,9}", re.ASCII)
REGISTRY_NUMBER = re.compile(r"\d{1,9}", re.ASCII)
CHECKED = (97, 1)  # modulus and remainder of a registry number (ISO 7064, mod 97-10)
A_MAIL = gettext_noop("This is an e-mail address, not a person's number.")
A_PHONE = gettext_noop("This looks like a telephone number.")
A_REGISTRY_NUMBER = gettext_noop(
    "This looks like a registry number: write the person's identity number here, or open the person's page and "
    "register from there."
)
A_DATE = gettext_noop("This is a date of birth alone: the last four digits of the number are missing.")


def say_what_it_is(text: str) -> str:
    """What a text without spaces is instead of a number; empty if unknown."""
    if (match := NO_LAST_FOUR.fullmatch(text.replace("-", "", 2))) and _is_birth(match[1]):
        return _(A_DATE)
    if "@" in text:
        return _(A_MAIL)
    bare = re.sub(r"[-./()]", "", text)
    if PHONE.fullmatch(bare):
        return _(A_PHONE)
    if REGISTRY_NUMBER.fullmatch(bare) and int(bare) % CHECKED[0] == CHECKED[1]:
        return _(A_REGISTRY_NUMBER)
    return ""


def _is_birth(digits: str) -> bool:
    return any(is_day(century + digits) for century in ([""] if len(digits) == LONG else ["19", "20"]))
