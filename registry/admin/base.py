"""What every page of the admin has in common: who may, history with its actor and reason."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.contrib.auth.models import AnonymousUser
from django.db import models
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from registry.access import NATIONWIDE, Permission, acting_as, centres_where
from registry.admin.forms import TypedDay, TypedDayInput
from registry.choices import NationalRole
from registry.entry.history import read_history
from registry.errors import Busy
from registry.models import User
from swecar.http.error_status import status_of

DEFAULT_REASON = "admin"  # stands in the history where the page asks for no reason


def holds(user: User | AnonymousUser, permission: Permission) -> bool:
    """Whether someone of the staff holds a permission for the whole country."""
    return user.is_staff and centres_where(user, permission) is NATIONWIDE


def administers(user: User | AnonymousUser) -> bool:
    """Whether someone keeps code lists and people; a superuser may, to appoint the first one."""
    return user.is_staff and (user.is_superuser or user.national_role == NationalRole.ADMINISTRATOR)


class ForAdministrators:
    """Code lists and people: administrators do everything, others nothing."""

    def is_allowed(self, request, obj=None) -> bool:
        """The one answer to all of Django's questions."""
        return administers(request.user)

    has_module_permission = has_view_permission = is_allowed
    has_add_permission = has_change_permission = has_delete_permission = is_allowed


class ViewOnly:
    """Nothing is added, changed or deleted here; `permission` opens the pages for reading."""

    permission: Permission

    def is_readable(self, request, obj=None) -> bool:
        """Whether the signed-in person holds the permission nationwide."""
        return holds(request.user, self.permission)

    has_module_permission = has_view_permission = is_readable

    def is_refused(self, request, obj=None) -> bool:
        """No, for everyone."""
        return False

    has_add_permission = has_change_permission = has_delete_permission = is_refused


class HistoryAdmin(admin.ModelAdmin):
    """Pages whose changes are made in the name of who makes them, and a page of that history."""

    # Tables whose rows belong to the record, and by which field: their history is shown with it.
    history_with: dict[type[models.Model], str] = {}
    formfield_overrides = {models.DateField: {"form_class": TypedDay, "widget": TypedDayInput}}
    actions = None  # a change of many at once has no reason of its own
    show_facets = admin.ShowFacets.NEVER

    def get_urls(self):
        """Django's, without the addresses of old that have no name."""
        return [address for address in super().get_urls() if address.name]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Django's, with the actor and the stated reason in the history."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        reason = request.POST.get("reason", "").replace("\0", "").strip()
        try:
            with acting_as(request.user, reason=reason or DEFAULT_REASON):
                return super().changeform_view(request, object_id, form_url, extra_context)
        except Busy as busy:
            return self._show_busy(request, busy)

    def delete_view(self, request, object_id, extra_context=None):
        """Django's, with the actor in the history."""
        if request.method != "POST":
            return super().delete_view(request, object_id, extra_context)
        try:
            with acting_as(request.user, reason=DEFAULT_REASON):
                return super().delete_view(request, object_id, extra_context)
        except Busy as busy:
            return self._show_busy(request, busy)

    def _show_busy(self, request, busy: Busy) -> TemplateResponse:
        """What was typed is still in the page before."""
        context = self.admin_site.each_context(request) | {"title": _("Busy"), "sentence": str(busy)}
        return TemplateResponse(request, "admin/registry/busy.html", context, status=status_of(busy))

    def history_view(self, request, object_id, extra_context=None):
        """What the database has recorded of it, by whatever path it was changed."""
        record = self.get_object(request, unquote(object_id))
        changes = read_history(record, self.history_with) if record else []
        return super().history_view(request, object_id, {"changes": changes} | (extra_context or {}))
