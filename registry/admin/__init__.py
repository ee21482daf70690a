"""Django's admin for administrators. What may be seen and done is decided in registry.access."""

from django.contrib import admin
from django.contrib.auth.models import Group
from django.utils.translation import gettext_lazy as _

from registry.admin import code_lists, people, publication, records

__all__ = ["code_lists", "people", "publication", "records"]

# Roles are in access.ROLES; Django's groups would be a second answer to the same question.
admin.site.unregister(Group)

admin.site.site_header = admin.site.site_title = "swecar"
admin.site.index_title = _("Administration")
admin.site.index_template = "admin/registry/index.html"
