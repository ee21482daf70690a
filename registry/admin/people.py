"""Who may sign in, with which roles."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import UserChangeForm
from django.urls import reverse
from django.utils.html import format_html, format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from registry.access import ROLES
from registry.admin.base import ForAdministrators, HistoryAdmin
from registry.admin.forms import RecordForm, RulesForm
from registry.choices import CentreRole, NationalRole
from registry.models import Membership, User


def explain_roles(roles: type[CentreRole] | type[NationalRole]) -> SafeString:
    """Each role with the sentence that access.py has for it."""
    return format_html_join("", "{}: {}<br>", ((role.label, ROLES[role][0]) for role in roles))


class MembershipInline(ForAdministrators, admin.StackedInline):
    """The centres where someone has a role."""

    model = Membership
    form = RulesForm
    extra = 0
    verbose_name_plural = _("Roles at centres")

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        """Django's, with what each role is."""
        kwargs["help_text"] = explain_roles(CentreRole)
        return super().formfield_for_choice_field(db_field, request, **kwargs)


class PersonForm(RecordForm, UserChangeForm):
    """Someone who signs in. The password is not here, not even its hash."""

    password = None  # type: ignore[assignment]


@admin.register(User)
class PersonAdmin(ForAdministrators, HistoryAdmin, UserAdmin):
    """People, their national role and their centres. Nobody is deleted: the history names them."""

    form = PersonForm
    inlines = [MembershipInline]
    history_with = {Membership: "user"}
    list_display = [
        "username", "last_name", "first_name", "national_role", "centres", "is_staff", "is_active",
    ]  # fmt: skip
    list_filter = ["national_role", "is_staff", "is_active", "memberships__centre"]
    fieldsets = [
        (None, {"fields": ["username", "sign_in"]}),
        (_("Personal info"), {"fields": ["first_name", "last_name", "email"]}),
        (_("Permissions"), {"fields": ["is_active", "is_staff", "national_role"]}),
        (_("Important dates"), {"fields": ["last_login", "date_joined"]}),
        (None, {"fields": ["reason"]}),
    ]
    filter_horizontal = []

    def get_queryset(self, request):
        """With the centres of each."""
        return super().get_queryset(request).prefetch_related("memberships__centre")

    def has_delete_permission(self, request, obj=None) -> bool:
        """A name that is free again would stand for two people in the history."""
        return False

    def get_readonly_fields(self, request, obj=None) -> list[str]:
        """Nobody takes the admin from themselves; a superuser without a role may take one."""
        shown = ["sign_in", "last_login", "date_joined"]
        if obj == request.user and obj.national_role:
            shown += ["is_active", "is_staff", "national_role"]
        return shown

    def get_inlines(self, request, obj):
        """Centres are chosen once the person is there."""
        return self.inlines if obj else []

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        """Django's, with what each role is."""
        if db_field.name == "national_role":
            kwargs["help_text"] = explain_roles(NationalRole)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @admin.display(description=_("centres"))
    def centres(self, user: User) -> str:
        """Codes of the centres where the person has a role."""
        return ", ".join(sorted(membership.centre.code for membership in user.memberships.all()))

    @admin.display(description=_("password"))
    def sign_in(self, user: User) -> SafeString:
        """The way to a new password, in place of the old one's hash."""
        address = reverse("admin:auth_user_password_change", args=[user.pk])
        return format_html('<a href="{}">{}</a>', address, _("Set a new password"))
