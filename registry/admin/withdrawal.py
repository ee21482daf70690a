"""Withdrawing an infusion in the admin."""

from django.utils.translation import gettext_lazy as _

from registry.access import Actor
from registry.admin.action_form import ActionForm
from registry.entry.infusions.record import withdraw_infusion


class WithdrawalForm(ActionForm):
    """Withdraw an infusion; it asks only for the reason."""

    title = _("Withdraw infusion")
    explanation = _(
        "The infusion is taken out of all counts and stays in the registry with its history. If it was the "
        "person's first, the next one takes its place in the counts. If you withdraw it by mistake, it has to be "
        "registered again."
    )
    done = _("The infusion is withdrawn.")

    def act(self, by: Actor) -> None:
        withdraw_infusion(infusion_id=self.infusion.pk, by=by, reason=self.cleaned_data["reason"])
