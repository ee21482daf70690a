"""What makes a form known again when it is sent twice."""

from uuid import uuid4

from django import template
from django.utils.html import format_html

FIELD = "sent_once"

register = template.Library()


@register.simple_tag
def sent_once() -> str:
    """A hidden field with another value in each form of each page."""
    return format_html('<input type="hidden" name="{}" value="{}">', FIELD, uuid4())
