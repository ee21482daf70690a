"""Correcting fields of several infusions at once: chosen in the list, shown with the effect, then stored."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST

from registry.access import Permission, acting_as
from registry.choices import AccessAction, Status
from registry.entry.infusions.columns import RELATED, TABLE
from registry.entry.infusions.row_reader import CodeLists
from registry.entry.infusions.several import (
    FIELDS,
    MOST_ROWS,
    Correction,
    TooManyRows,
    Versions,
    correct_several,
    preview_correction,
)
from registry.entry.patients.count_effect import EffectChanged
from registry.errors import InfusionRefused, NotFound, NotPermitted, RegistryError
from registry.models import Infusion
from registry.models.access_log import log_infusions
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.correction_forms import ReasonForm, SeveralForm
from registry.pages.clinic.effect_in_words import say_effect
from registry.pages.clinic.infusion_list import keep_filtered, query_of


@page(Permission.WRITE_RECORDS)
@require_POST
def several(request: SignedInRequest) -> HttpResponse:
    """The infusions chosen in the list, and what to correct; then the effect; then they are corrected."""
    do = request.POST.get("do", "")
    try:
        rows = _read_all(request) if do == "all" else _read_rows(request)
        if len(rows) > MOST_ROWS:
            raise TooManyRows(len(rows))
    except TooManyRows as refused:
        messages.error(request, str(refused))
        return _to_list(request)
    if not rows:
        messages.error(request, _("Choose at least one infusion in the list first."))
        return _to_list(request)
    sent = request.POST if do in {"preview", "store"} else None
    form, reason = SeveralForm(sent, lists=CodeLists(request.user)), ReasonForm(sent)
    can_be_shown = form.is_valid()  # a refusal is said beside the effect
    is_complete = reason.is_valid() and can_be_shown
    if do == "store" and is_complete and (stored := _store(request, form, reason, rows)) is not None:
        number = len(stored)
        messages.success(
            request,
            ngettext("%(number)s infusion is corrected.", "%(number)s infusions are corrected.", number)
            % {"number": number},
        )
        return _to_list(request)
    return _show(request, form, reason, rows, preview=can_be_shown)


def _store(request: SignedInRequest, form: SeveralForm, reason: ReasonForm, rows: Versions) -> Any:
    """Correct the infusions; None with the refusal in the form."""
    try:
        return correct_several(
            rows=rows, changes=form.changes, by=request.user, reason=reason.reason,
            seen=request.POST.get("seen", ""),
        )  # fmt: skip
    except (NotFound, NotPermitted):
        raise
    except EffectChanged:
        form.add_error(
            None, _("What is chosen, or a record, has changed since the effect was shown: look at it again.")
        )
    except InfusionRefused:
        pass  # the preview says it, of the infusions as they are now
    except RegistryError as refused:
        form.add_error(None, str(refused))
    return None


def _show(
    request: SignedInRequest, form: SeveralForm, reason: ReasonForm, rows: Versions, *, preview: bool
) -> HttpResponse:
    found: Correction | None = None
    if preview:
        try:
            found = preview_correction(rows=rows, changes=form.changes, by=request.user)
        except InfusionRefused as refused:
            for problem in refused.problems:
                form.add_error(None, problem.sentence)
    chosen = _read_chosen(request, rows)
    by_key = {row.infusion.pk: row for row in found.rows} if found else {}
    context: dict[str, Any] = {
        "form": form,
        "reason": reason,
        "columns": _columns(),
        "rows": [(one, _cells(one, by_key.get(one.pk)), by_key.get(one.pk)) for one in chosen],
        "query": query_of(request.GET),
        "found": found,
    }
    return show(request, "clinic/several.html", context | (say_effect(found.effect) if found else {}))


def _read_chosen(request: SignedInRequest, rows: Versions) -> list[Any]:
    """The chosen infusions as they are now, without those withdrawn meanwhile. Raises NotFound."""
    visible = Infusion.objects.visible_to(request.user, Permission.WRITE_RECORDS).filter(pk__in=list(rows))
    found = list(visible.with_version().select_related(*RELATED).order_by("-infused_on", "-sequence", "pk"))
    if len(found) < len(rows):
        raise NotFound
    with acting_as(request.user):
        log_infusions(by=request.user, action=AccessAction.READ, infusions=found)
    return [one for one in found if one.status == Status.SUBMITTED]


def _columns() -> list[str]:
    return [_(column.label) for column in TABLE if column.name in FIELDS]


def _cells(stored: Infusion, row: Any) -> list[dict[str, str]]:
    """The values of one infusion that may be corrected, and what they become."""
    cells = []
    for label, name in zip(_columns(), [column.name for column in TABLE if column.name in FIELDS], strict=True):
        changes = row is not None and name in row.before
        then = _say(getattr(row.infusion, name)) if changes else ""
        cells.append({"label": label, "now": _say(getattr(stored, name)), "then": then})
    return cells


def _say(value: Any) -> str:
    return "–" if value is None else str(value)


def _read_rows(request: SignedInRequest) -> dict[UUID, int | None]:
    """The chosen infusions, each "key" or "key.version". Raises NotFound for anything else."""
    rows: dict[UUID, int | None] = {}
    for chosen in request.POST.getlist("row"):
        key, _dot, version = chosen.partition(".")
        try:
            rows[UUID(key)] = int(version) if version else None
        except ValueError:
            raise NotFound from None
    return rows


def _read_all(request: SignedInRequest) -> dict[UUID, int | None]:
    """All infusions of the list's filter that may be corrected. Raises TooManyRows."""
    visible = Infusion.objects.visible_to(request.user, Permission.WRITE_RECORDS).filter(status=Status.SUBMITTED)
    kept = keep_filtered(visible, request.GET)
    keys = list(kept.values_list("pk", flat=True)[: MOST_ROWS + 1])
    if len(keys) > MOST_ROWS:
        raise TooManyRows(kept.count())
    return dict.fromkeys(keys)


def _to_list(request: SignedInRequest) -> HttpResponse:
    query = query_of(request.GET)
    return redirect(reverse("clinic:infusions") + (f"?{query}" if query else ""))


urlpatterns = [path("infusions/several", several, name="several")]
