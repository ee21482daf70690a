"""Roles at centres, on the page of a user."""

from django.contrib import admin
from django.utils.html import format_html_join
from django.utils.safestring import SafeString
from django.utils.translation import gettext_lazy as _

from registry.access import ROLES
from registry.admin.forms import RulesForm
from registry.admin.permissions import ForAdministrators
from registry.choices import CentreRole, NationalRole
from registry.models import Membership


def explain_roles(roles: type[CentreRole] | type[NationalRole]) -> SafeString:
    """Each role with its sentence from access.py."""
    return format_html_join("", "{}: {}<br>", ((role.label, ROLES[role][0]) for role in roles))


class MembershipInline(ForAdministrators, admin.StackedInline):
    """A user's roles at centres."""

    model = Membership
    form = RulesForm
    extra = 0
    verbose_name_plural = _("Roles at centres")

    def formfield_for_choice_field(self, db_field, request, **kwargs):
        """Explain the roles below the field."""
        kwargs["help_text"] = explain_roles(CentreRole)
        return super().formfield_for_choice_field(db_field, request, **kwargs)
