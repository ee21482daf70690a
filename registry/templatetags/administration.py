"""Tags for the admin's templates."""

from django import template

from registry.admin.warnings import find_warnings

register = template.Library()


@register.simple_tag
def publication_warnings() -> list:
    """What stands in the way of what is published."""
    return list(find_warnings())
