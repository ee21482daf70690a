"""Admin pages of a code list."""

from http import HTTPStatus

from django.contrib.admin.utils import unquote
from django.db.models import ProtectedError
from django.template.response import TemplateResponse
from django.utils.translation import gettext_lazy as _

from registry.admin.history_admin import HistoryAdmin
from registry.admin.list_form import ListForm
from registry.admin.permissions import ForAdministrators, administers
from registry.admin.rows_in_use import explain_kept
from registry.entry.list_changes import is_used, settling
from registry.entry.locks import lock_entry
from registry.entry.publish_request import announce_change


class CodeListAdmin(ForAdministrators, HistoryAdmin):
    """A code list with its history; a row in use cannot be deleted."""

    form = ListForm

    def has_delete_permission(self, request, obj=None) -> bool:
        """Refuse rows in use here, since Django's page would list every record that protects them."""
        return super().has_delete_permission(request, obj) and not (obj and is_used(obj))

    def save_model(self, request, obj, form, change):
        """Save; the form has asked for the confirmation."""
        if not change:
            return super().save_model(request, obj, form, change)
        with settling(obj):
            super().save_model(request, obj, form, change)

    def delete_view(self, request, object_id, extra_context=None):
        """Explain why a row in use cannot be deleted."""
        row = self.get_object(request, unquote(object_id))
        if row is not None and administers(request.user) and is_used(row):
            return self._show_in_use(request, row)
        try:
            return super().delete_view(request, object_id, extra_context)
        except ProtectedError:  # referred to meanwhile
            return self._show_in_use(request, row)

    def _show_in_use(self, request, row) -> TemplateResponse:
        context = self.admin_site.each_context(request) | {"title": _("In use"), "sentence": explain_kept(row)}
        return TemplateResponse(request, "admin/registry/kept.html", context, status=HTTPStatus.FORBIDDEN)

    def save_related(self, request, form, formsets, change):
        """Announce the change, since a snapshot holds the code lists; this is the last step of saving."""
        super().save_related(request, form, formsets, change)
        announce_change()

    def delete_model(self, request, obj):
        """Delete under the entry lock, after which nothing can begin to refer to the row."""
        lock_entry(alone=True)
        if is_used(obj):
            raise ProtectedError("referred to meanwhile", {obj})
        super().delete_model(request, obj)
        announce_change()
