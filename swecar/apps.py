"""The administration, as an application of Django's with our site."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """django.contrib.admin with swecar.admin_site's site."""

    default_site = "swecar.admin_site.Administration"
