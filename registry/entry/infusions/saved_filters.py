"""A user's own filters of the list of infusions, by name."""

from django.db import transaction
from django.db.models import QuerySet
from django.utils.translation import gettext as _

from registry.entry.reasons import check_reason
from registry.errors import NotFound, RegistryError
from registry.models import SavedFilter, User

MOST_FILTERS = 20
LONGEST_NAME = 40


class FilterNotSaved(RegistryError):
    sentence = "The filter cannot be saved."
    code = "filter_not_saved"


def filters_of(user: User) -> QuerySet[SavedFilter]:
    """A user's own filters, by name; no other user can see them."""
    return SavedFilter.objects.filter(owner=user)


@transaction.atomic
def save_filter(*, name: str, query: str, by: User) -> SavedFilter:
    """Keep a filter under a name, in place of the one that had it. Raises FilterNotSaved, IdentifierInText.

    query: of values from code lists, since it is stored as it is.
    """
    name = check_reason(name, needed=False)
    if not name or not query:
        raise FilterNotSaved(_("Filter or sort the list, and write a name for it."))
    if len(name) > LONGEST_NAME:
        raise FilterNotSaved(_("The name has at most %(most)s characters.") % {"most": LONGEST_NAME})
    own = filters_of(by)
    if not own.filter(name=name).exists() and own.count() >= MOST_FILTERS:
        raise FilterNotSaved(_("You have %(most)s saved filters: delete one first.") % {"most": MOST_FILTERS})
    return SavedFilter.objects.update_or_create(owner=by, name=name, defaults={"query": query})[0]


def delete_filter(*, filter_id: int, by: User) -> None:
    """Delete one of the user's own filters. Raises NotFound."""
    deleted, _tables = filters_of(by).filter(pk=filter_id).delete()
    if not deleted:
        raise NotFound
