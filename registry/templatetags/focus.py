"""Choosing the field with the keyboard focus when a page opens."""

from django import forms, template

register = template.Library()


@register.simple_tag
def focus_first(form: forms.BaseForm, *, though_wrong: bool = False) -> str:
    """Focus the first empty field that is needed, else the first empty field, else the first field.

    In a form with errors the error summary has the focus; though_wrong: the field has it instead, and is described
    by the summary.
    """
    fields = form.visible_fields()
    needed = [field for field in fields if field.field.required or getattr(field.field, "needed", False)]
    first = next(filter(_is_empty, needed or fields), fields[0] if fields else None)
    if first is None or (form.errors and not though_wrong):
        return ""
    attrs = first.field.widget.attrs
    attrs["autofocus"] = True
    if form.errors:
        attrs["aria-describedby"] = " ".join(filter(None, ("errors", first.aria_describedby)))
    return ""


def _is_empty(field: forms.BoundField) -> bool:
    """Whether the field is shown empty; a typed password is not shown again."""
    return not field.value() or not getattr(field.field.widget, "render_value", True)
