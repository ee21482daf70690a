"""Admin pages of records: read-only, and logged in the access log."""

from django.contrib import admin
from django.utils.translation import gettext_lazy as _
from django.utils.translation import gettext_noop

from registry.access import Permission, acting_as
from registry.admin.history_admin import HistoryAdmin
from registry.admin.permissions import ViewOnly
from registry.choices import AccessAction
from registry.models.access_log import log_infusions

IN_ADMIN = gettext_noop("in the administration")  # logged in English, translated where it is shown
NO_NUMBERS_IN_ADDRESSES = _("Never search for an identity number: the search text becomes part of the address.")


class RecordAdmin(ViewOnly, HistoryAdmin):
    """Records that the user may see (access.py); each one shown is logged."""

    permission = Permission.WRITE_RECORDS
    show_full_result_count = False
    list_per_page = 50

    def get_queryset(self, request):
        records = super().get_queryset(request)
        return records.visible_to(request.user)  # type: ignore[attr-defined]

    def log_shown(self, request, shown) -> None:
        """Log each record in the access log."""
        with acting_as(request.user):
            log_infusions(by=request.user, action=AccessAction.READ, infusions=shown, detail=IN_ADMIN)

    def changelist_view(self, request, extra_context=None):
        """Log the listed records."""
        response = super().changelist_view(request, extra_context)
        if listed := getattr(response, "context_data", {}).get("cl"):
            self.log_shown(request, listed.result_list)
        return response

    def render_change_form(self, request, context, add=False, change=False, form_url="", obj=None):
        """Log the record."""
        self.log_shown(request, [obj])
        return super().render_change_form(request, context, add, change, form_url, obj)

    def history_view(self, request, object_id, extra_context=None):
        """Log the record."""
        response = super().history_view(request, object_id, extra_context)
        if shown := getattr(response, "context_data", {}).get("object"):
            self.log_shown(request, [shown])
        return response


class RecordInline(ViewOnly, admin.TabularInline):
    """Rows shown with a person."""

    template = "admin/registry/rows.html"  # without the heads that are empty where nothing is changed
    permission = Permission.WRITE_RECORDS
    extra = 0
