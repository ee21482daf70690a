"""Who may sign in, with which roles."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import unquote
from django.contrib.auth.admin import UserAdmin
from django.contrib.auth.forms import AdminUserCreationForm, UserChangeForm
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.access import ROLES
from registry.admin.base import ForAdministrators, HistoryAdmin
from registry.admin.forms import ReasonField, RecordForm, RulesForm, WithoutNumbers
from registry.choices import CentreRole, NationalRole
from registry.entry.accounts.second_factor import remove_second_factor
from registry.errors import NotPermitted
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


class NewPersonForm(WithoutNumbers, AdminUserCreationForm):
    """Someone new."""


class ReasonForm(forms.Form):
    """Why something is done to an account."""

    reason = ReasonField()


@admin.register(User)
class PersonAdmin(ForAdministrators, HistoryAdmin, UserAdmin):
    """People, their national role and their centres. Nobody is deleted: the history names them."""

    form = PersonForm
    add_form = NewPersonForm
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

    @admin.display(description=_("sign-in"))
    def sign_in(self, user: User) -> SafeString:
        """The ways to a new password and a new second factor, in place of the old ones."""
        ways = (
            ("auth_user_password_change", _("Set a new password")),
            ("user_second_factor", _("Remove the second factor")),
        )
        links = ((reverse(f"admin:{name}", args=[user.pk]), words) for name, words in ways)
        return format_html_join(" · ", '<a href="{}">{}</a>', links)

    def get_urls(self):
        """With the page on which a lost second factor is removed."""
        view = self.admin_site.admin_view(self.second_factor_view)
        return [path("<path:object_id>/second-factor/", view, name="user_second_factor"), *super().get_urls()]

    def second_factor_view(self, request, object_id):
        """Ask for the reason; POST removes the factor."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        person = self.get_object(request, unquote(object_id))
        if person is None:
            raise Http404
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                remove_second_factor(user=person, by=request.user, reason=form.cleaned_data["reason"])
            except NotPermitted:
                raise PermissionDenied from None
            messages.success(request, gettext("The second factor is removed."))
            return HttpResponseRedirect(reverse("admin:registry_user_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Remove the second factor"),
            "opts": self.opts,
            "person": person,
            "form": form,
            "adminform": AdminForm(form, [(None, {"fields": ["reason"]})], {}),  # type: ignore[arg-type]
        }
        return TemplateResponse(request, "admin/registry/user/second_factor.html", context)
