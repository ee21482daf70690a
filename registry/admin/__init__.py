"""Django's admin. registry.access decides what may be seen and done in it."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from registry.admin import code_lists, infusions, patients, questions, runs, snapshots, trials, users

__all__ = ["code_lists", "infusions", "patients", "questions", "runs", "snapshots", "trials", "users"]

# Permissions come from access.ROLES, and Django's groups would be a second source of them. Second factors and
# linked accounts are changed by their owner in the pages of /accounts/.
admin.site.unregister([Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])

admin.site.site_header = admin.site.site_title = "swecar"
admin.site.index_title = _("Administration")
admin.site.index_template = "admin/registry/index.html"
