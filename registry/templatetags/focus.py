"""Where the keyboard stands when a page opens."""

from django import forms, template

register = template.Library()


@register.simple_tag
def focus_first(form: forms.BaseForm) -> str:
    """Give the focus to the first empty field that is needed, or to the first empty one where none is needed;
    of a form with errors their summary has it.
    """
    fields = form.visible_fields()
    needed = [field for field in fields if field.field.required or getattr(field.field, "needed", False)]
    first = next((field for field in needed or fields if not field.value()), None)
    if first and not form.errors:
        first.field.widget.attrs["autofocus"] = True
    return ""
