"""Who may see and change what in the admin."""

from django.contrib.auth.models import AnonymousUser

from registry.access import NATIONWIDE, Permission, centres_where
from registry.admin.history_admin import HistoryAdmin
from registry.choices import NationalRole
from registry.models import User


def holds(user: User | AnonymousUser, permission: Permission) -> bool:
    """Whether a staff user holds a permission for the whole country."""
    return user.is_staff and centres_where(user, permission) is NATIONWIDE


def administers(user: User | AnonymousUser) -> bool:
    """Whether a user may change code lists and users; a superuser may, to appoint the first administrator."""
    return user.is_staff and (user.is_superuser or user.national_role == NationalRole.ADMINISTRATOR)


class ForAdministrators:
    """Administrators may do everything, others nothing."""

    def is_allowed(self, request, obj=None) -> bool:
        """Stand in for all of Django's permission methods."""
        return administers(request.user)

    has_module_permission = has_view_permission = is_allowed
    has_add_permission = has_change_permission = has_delete_permission = is_allowed


class ViewOnly:
    """Read-only pages, open to those who hold `permission` nationwide."""

    permission: Permission

    def is_readable(self, request, obj=None) -> bool:
        """Whether the user may read the pages."""
        return holds(request.user, self.permission)

    has_module_permission = has_view_permission = is_readable

    def is_refused(self, request, obj=None) -> bool:
        """Always False."""
        return False

    has_add_permission = has_change_permission = has_delete_permission = is_refused


class PublicationAdmin(ViewOnly, HistoryAdmin):
    """Read-only pages of what jobs produce. It holds no person, so a superuser may read it without a role."""

    permission = Permission.PUBLISH

    def is_readable(self, request, obj=None) -> bool:
        return request.user.is_superuser or super().is_readable(request, obj)

    has_module_permission = has_view_permission = is_readable
