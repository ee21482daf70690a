"""The application of the administration."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """django.contrib.admin with the site of swecar.admin_site."""

    default_site = "swecar.admin_site.Administration"
