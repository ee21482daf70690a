"""Where the keyboard stands when a page opens."""

from django import forms, template

register = template.Library()


@register.simple_tag
def focus_first(form: forms.BaseForm, *, though_wrong: bool = False) -> str:
    """Give the focus to the first empty field that is needed, or to the first empty one where none is needed; of
    a form in which they are all filled, to its first field.

    Of a form with errors their summary has the focus; though_wrong: the field has it all the same, and says
    what the summary says.
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
    """Whether nothing stands in the field; a password is not given back."""
    return not field.value() or not getattr(field.field.widget, "render_value", True)
