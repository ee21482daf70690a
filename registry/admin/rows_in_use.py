"""Why a row of a code list cannot be deleted."""

from urllib.parse import urlencode

from django.urls import reverse
from django.utils.html import format_html
from django.utils.safestring import SafeString
from django.utils.text import capfirst
from django.utils.translation import gettext, ngettext

from registry.entry.list_changes import count_infusions, count_references
from registry.models import Centre


def infusion_list_url(row) -> str:
    """The URL of the list of infusions that refer to a row."""
    name = row.guard.column.removesuffix("_id")
    return f"{reverse('admin:registry_infusion_changelist')}?{urlencode({f'{name}__id__exact': row.pk})}"


def explain_kept(row) -> SafeString:
    """Why a row cannot be deleted, and what to do instead."""
    referring, users = count_infusions(row), count_references(row)
    sentences = []
    if referring.number:
        sentence = ngettext(
            "%(row)s cannot be deleted: %(number)s infusion (%(centres)s) refers to it.",
            "%(row)s cannot be deleted: %(number)s infusions (%(centres)s) refer to it.",
            referring.number,
        )
        named = {"row": capfirst(str(row)), "number": referring.number, "centres": referring}
        sentences.append(sentence % named)
    if users:
        listed = ", ".join(f"{model._meta.verbose_name_plural} {number}" for model, number in users)
        sentence = gettext("%(row)s cannot be deleted, since the registry uses it elsewhere: %(listed)s.")
        sentences.append(sentence % {"row": capfirst(str(row)), "listed": listed})
    if isinstance(row, Centre):
        sentences.append(gettext("If the centre gives no more infusions, set its status to closed."))
    said = " ".join(sentences)
    if not referring.number:
        return format_html("{}", said)
    return format_html('{} <a href="{}">{}</a>', said, infusion_list_url(row), gettext("Show them"))
