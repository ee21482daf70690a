"""The application of the administration, and that of commands in place of others'."""

from django.apps import AppConfig
from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """django.contrib.admin with the site of swecar.admin_site."""

    default_site = "swecar.admin_site.Administration"


class CommandsConfig(AppConfig):
    """The commands of swecar.management, which come before those of the same name if this does."""

    name = "swecar"
