"""Django's admin for administrators. What may be seen and done is decided in registry.access."""

from allauth.account.models import EmailAddress
from allauth.mfa.models import Authenticator
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialToken
from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from registry.admin import code_lists, people, publication, questions, records

__all__ = ["code_lists", "people", "publication", "questions", "records"]

# Roles are in access.ROLES; Django's groups would be a second answer to the same question. What
# the sign-in keeps is changed by its owner, in the pages of /accounts/.
admin.site.unregister([Group, EmailAddress, Authenticator, SocialAccount, SocialApp, SocialToken])

admin.site.site_header = admin.site.site_title = "swecar"
admin.site.index_title = _("Administration")
admin.site.index_template = "admin/registry/index.html"
