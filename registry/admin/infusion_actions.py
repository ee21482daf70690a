"""The pages on which an infusion is corrected or withdrawn."""

from django.contrib import messages
from django.contrib.admin.helpers import AdminForm
from django.core.exceptions import PermissionDenied
from django.http import HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from registry.admin.action_form import ActionForm
from registry.admin.correction import CorrectionForm
from registry.admin.record_admin import RecordAdmin
from registry.admin.withdrawal import WithdrawalForm
from registry.choices import Status
from registry.errors import NotFound
from registry.models import Infusion


class InfusionActions(RecordAdmin):
    """Adds the pages to the admin of infusions."""

    def get_urls(self):
        """Add the URLs of the two actions."""
        view = self.admin_site.admin_view
        return [
            path("<uuid:infusion_id>/correct/", view(self.correct_view), name="infusion_correct"),
            path("<uuid:infusion_id>/withdraw/", view(self.withdraw_view), name="infusion_withdraw"),
            *super().get_urls(),
        ]

    def correct_view(self, request, infusion_id):
        """Ask for the corrections and the reason, and make them."""
        return self._act(request, infusion_id, CorrectionForm)

    def withdraw_view(self, request, infusion_id):
        """Ask for the reason, and withdraw the infusion."""
        return self._act(request, infusion_id, WithdrawalForm)

    def _act(self, request, infusion_id, form_class: type[ActionForm]):
        if not self.has_view_permission(request):
            raise PermissionDenied
        submitted = self.get_queryset(request).filter(status=Status.SUBMITTED)
        infusion = submitted.select_related("centre", "product", "patient").filter(pk=infusion_id).first()
        try:
            if infusion is None:
                raise NotFound(gettext("There is no such registered infusion."))
            self.log_shown(request, [infusion])
            form = form_class(request.POST or None, infusion=infusion)
            if form.is_valid() and form.carry_out(request.user):
                messages.success(request, form.done)
                return HttpResponseRedirect(reverse("admin:registry_infusion_change", args=[infusion_id]))
        except NotFound as gone:
            messages.error(request, str(gone))
            return HttpResponseRedirect(reverse("admin:registry_infusion_changelist"))
        return self._ask(request, infusion, form)

    def _ask(self, request, infusion: Infusion, form: ActionForm):
        described = (infusion.written_on, infusion.centre, infusion.category, infusion.product)
        context = {
            **self.admin_site.each_context(request),
            "title": form.title,
            "subtitle": " · ".join(str(part) for part in described),
            "opts": self.opts,
            "infusion": infusion,
            "form": form,
            "adminform": AdminForm(form, [(None, {"fields": [*form.fields]})], {}),  # type: ignore[arg-type]
        }
        request.current_app = self.admin_site.name
        return TemplateResponse(request, "admin/registry/infusion/action.html", context)
