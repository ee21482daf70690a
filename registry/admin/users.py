"""Users, their national role and their roles at centres."""

from django.contrib import admin
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.urls import reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from registry.admin.forms import RecordForm, WithoutNumbers
from registry.admin.history_admin import HistoryAdmin
from registry.admin.membership import MembershipInline, explain_roles
from registry.admin.others_account import OthersAccountPages
from registry.admin.permissions import ForAdministrators
from registry.choices import NationalRole
from registry.entry.accounts.others import CHANGES, ROLE, tell_owner
from registry.models import Membership, User


class UserForm(RecordForm, UserChangeForm):
    """A user, without the password and its hash."""

    password = None  # type: ignore[assignment]


class NewUserForm(WithoutNumbers, AdminUserCreationForm):
    """A new user."""


@admin.register(User)
class RegistryUserAdmin(ForAdministrators, OthersAccountPages, HistoryAdmin, UserAdmin):
    """Users. None is deleted, since the history names them."""

    form = UserForm
    add_form = NewUserForm
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

    def save_model(self, request, obj, form, change):
        """Store; the password of a new account is the administrator's."""
        if not change:
            obj.password_is_anothers = obj.has_usable_password()
        super().save_model(request, obj, form, change)

    def save_related(self, request, form, formsets, change):
        """Store the roles, and tell the user what was changed."""
        super().save_related(request, form, formsets, change)
        changes = [CHANGES[name] for name in form.changed_data if name in CHANGES]
        if any(formset.has_changed() for formset in formsets):
            changes.append(ROLE)
        if change and changes and form.instance != request.user:
            before = form.initial.get("email") or ""
            reason = form.cleaned_data["reason"]
            tell_owner(form.instance, changes, by=request.user, reason=reason, addresses=[before])

    def get_queryset(self, request):
        """Fetch the centres of all users at once."""
        return super().get_queryset(request).prefetch_related("memberships__centre")

    def has_delete_permission(self, request, obj=None) -> bool:
        """Never: a user name that is given again would name two people in the history."""
        return False

    def get_readonly_fields(self, request, obj=None) -> list[str]:
        """Let no administrator remove their own access; a superuser without a role may take one."""
        shown = ["sign_in", "last_login", "date_joined"]
        if obj == request.user and obj.national_role:
            shown += ["is_active", "is_staff", "national_role"]
        return shown

    def get_inlines(self, request, obj):
        """Show roles at centres only once the user is stored."""
        return self.inlines if obj else []

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        """Explain the roles below the field."""
        if db_field.name == "national_role":
            kwargs["help_text"] = explain_roles(NationalRole)
        return super().formfield_for_choice_field(db_field, request, **kwargs)

    @admin.display(description=_("centres"))
    def centres(self, user: User) -> str:
        """The codes of the centres where the user has a role."""
        return ", ".join(sorted(membership.centre.code for membership in user.memberships.all()))

    @admin.display(description=_("sign-in"))
    def sign_in(self, user: User) -> SafeString:
        """Links to set a new password and to remove the second factor."""
        ways = (
            ("auth_user_password_change", _("Set a new password")),
            ("user_second_factor", _("Remove the second factor")),
        )
        links = ((reverse(f"admin:{name}", args=[user.pk]), words) for name, words in ways)
        return format_html_join(" · ", '<a href="{}">{}</a>', links)
