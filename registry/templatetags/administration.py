"""Tags for the admin's templates."""

from django import template

from registry.admin.warnings import find_warnings

register = template.Library()


@register.simple_tag
def publication_warnings() -> list:
    """Warnings about the state of publication."""
    return list(find_warnings())
