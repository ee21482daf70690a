"""The one Django application of the project."""

from django.apps import AppConfig


class RegistryConfig(AppConfig):
    """Records, published numbers, figure and pages."""

    name = "registry"
    verbose_name = "swecar"
    default_auto_field = "django.db.models.BigAutoField"
