"""The administration, as an application of Django's with our site."""

from django.contrib.admin.apps import AdminConfig


class AdministrationConfig(AdminConfig):
    """django.contrib.admin with swecar.administration's site."""

    default_site = "swecar.administration.Administration"
