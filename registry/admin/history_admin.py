"""Admin pages that record actor and reason of a change, and show the history."""

from django.contrib import admin
from django.contrib.admin.utils import unquote
from django.db import models
from django.template.response import TemplateResponse
from django.utils.translation import gettext as _

from registry.access import acting_as
from registry.admin.day_field import TypedDay, TypedDayInput
from registry.entry.history import read_history
from registry.errors import Busy
from swecar.http.error_status import status_of

DEFAULT_REASON = "admin"  # in the history where the page asks for no reason


class HistoryAdmin(admin.ModelAdmin):
    """An admin whose changes are made under acting_as, and whose history page reads the history tables."""

    # Models whose history is shown with the record's, and the field by which they refer to it.
    history_with: dict[type[models.Model], str] = {}
    formfield_overrides = {models.DateField: {"form_class": TypedDay, "widget": TypedDayInput}}
    actions = None  # one reason cannot explain many changes
    show_facets = admin.ShowFacets.NEVER

    def get_urls(self):
        """Leave out Django's unnamed URLs, which redirect old links."""
        return [pattern for pattern in super().get_urls() if pattern.name]

    def changeform_view(self, request, object_id=None, form_url="", extra_context=None):
        """Record the actor and the stated reason in the history."""
        if request.method != "POST":
            return super().changeform_view(request, object_id, form_url, extra_context)
        reason = request.POST.get("reason", "").replace("\0", "").strip()
        try:
            with acting_as(request.user, reason=reason or DEFAULT_REASON):
                return super().changeform_view(request, object_id, form_url, extra_context)
        except Busy as busy:
            return self._show_busy(request, busy)

    def delete_view(self, request, object_id, extra_context=None):
        """Record the actor in the history."""
        if request.method != "POST":
            return super().delete_view(request, object_id, extra_context)
        try:
            with acting_as(request.user, reason=DEFAULT_REASON):
                return super().delete_view(request, object_id, extra_context)
        except Busy as busy:
            return self._show_busy(request, busy)

    def _show_busy(self, request, busy: Busy) -> TemplateResponse:
        """Ask to try again; the browser's previous page still holds what was typed."""
        context = self.admin_site.each_context(request) | {"title": _("Busy"), "sentence": str(busy)}
        return TemplateResponse(request, "admin/registry/busy.html", context, status=status_of(busy))

    def history_view(self, request, object_id, extra_context=None):
        """Show the changes that the database recorded, whichever way they were made."""
        record = self.get_object(request, unquote(object_id))
        changes = read_history(record, self.history_with) if record else []
        return super().history_view(request, object_id, {"changes": changes} | (extra_context or {}))
