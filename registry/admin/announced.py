"""The administration of rows that a snapshot holds as they are."""

from registry.admin.history_admin import HistoryAdmin
from registry.admin.permissions import ForAdministrators
from registry.entry.publish_request import announce_change


class Announced(ForAdministrators, HistoryAdmin):
    """Announces each change, so that the next snapshot has it."""

    def save_related(self, request, form, formsets, change):
        """Announce the change; this is the last step of saving."""
        super().save_related(request, form, formsets, change)
        announce_change()

    def delete_model(self, request, obj):
        """Delete, and announce it."""
        super().delete_model(request, obj)
        announce_change()
