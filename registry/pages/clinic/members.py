"""The members of a centre, their tokens, and its invitations."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path, reverse
from django.utils.html import format_html_join
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from registry.access import ROLES, Permission
from registry.choices import CentreRole
from registry.entry.accounts.invitations import (
    end_membership,
    find_membership,
    invite_person,
    open_invitations,
    revoke_invitation,
)
from registry.entry.accounts.mails import send
from registry.entry.accounts.tokens import tokens_in_use
from registry.free_text import refuse_identity_number
from registry.models import Centre, Invitation, Membership
from registry.pages.clinic.base import SignedInRequest, centres_of, page, show
from registry.pages.clinic.centre_field import CentreField
from registry.pages.clinic.choice_fields import ChoiceField
from registry.pages.clinic.correction_forms import ReasonForm

TOKENS_A_PAGE = 50


class InviteForm(forms.Form):
    """An invitation: address and role."""

    email = forms.EmailField(
        label=gettext_lazy("E-mail address"),
        max_length=254,
        widget=forms.EmailInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("The link is sent there. It works once, for seven days."),
        validators=[refuse_identity_number],
    )
    centre = CentreField(label=gettext_lazy("Centre"))
    role = ChoiceField(
        label=gettext_lazy("Role"), choices=CentreRole.choices, widget=forms.RadioSelect,
        initial=CentreRole.REPORTER,
    )  # fmt: skip

    def __init__(self, *args, centres: list[Centre], **kwargs):
        super().__init__(*args, **kwargs)
        self.centres = {centre.code: centre for centre in centres}
        self.fields["centre"].offer(centres)  # type: ignore[attr-defined]
        self.fields["role"].help_text = format_html_join(
            " ", "{}: {}", ((role.label, ROLES[role][0]) for role in CentreRole)
        )


@page(Permission.INVITE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def people(request: SignedInRequest) -> HttpResponse:
    """Members and open invitations of the centres; POST invites, and shows the link once."""
    centres = centres_of(request.user, Permission.INVITE_PEOPLE)
    form = InviteForm(request.POST if request.method == "POST" else None, centres=centres)
    invited = None
    if form.is_valid():
        fields, centre = form.cleaned_data, form.centres[form.cleaned_data["centre"]]
        invitation, token = invite_person(
            email=fields["email"], centre=centre, role=CentreRole(fields["role"]), by=request.user
        )
        link = request.build_absolute_uri(reverse("invitation-link", kwargs={"token": token}))
        invited = {"email": invitation.email, "link": link, "sent": _send(invitation, link, centre.name)}
        form = InviteForm(centres=centres)
    members = Membership.objects.filter(centre__in=centres).select_related("user", "centre")
    waiting = open_invitations().filter(centre__in=centres).select_related("centre")
    context = {
        "form": form,
        "invited": invited,
        "members": members.order_by("centre__code", "role", "user__last_name", "user__username"),
        "invitations": waiting.order_by("centre__code", "-invited_at"),
        "tokens": Paginator(tokens_in_use(request.user), TOKENS_A_PAGE).get_page(request.GET.get("page")),
    }
    return show(request, "clinic/people.html", context)


@page(Permission.INVITE_PEOPLE)
@require_POST
def revoke(request: SignedInRequest, invitation_id: int) -> HttpResponse:
    """Revoke an open invitation."""
    invitation = revoke_invitation(invitation_id=invitation_id, by=request.user)
    messages.success(request, _("The invitation to %(email)s is revoked.") % {"email": invitation.email})
    return redirect("clinic:people")


@page(Permission.INVITE_PEOPLE)
@require_http_methods(["GET", "HEAD", "POST"])
def end(request: SignedInRequest, membership_id: int) -> HttpResponse:
    """The form for the reason; POST ends the membership."""
    membership = find_membership(membership_id=membership_id, by=request.user)
    reason = ReasonForm(request.POST if request.method == "POST" else None)
    reason.fields["why"].choices = [  # type: ignore[attr-defined]
        ("", ""),
        ("left", _("Has left the centre")),
        ("other_tasks", _("Has other tasks")),
        ("mistake", _("The role was given by mistake")),
        ("other", _("Other, as written below")),
    ]
    if reason.is_valid():
        end_membership(membership_id=membership_id, by=request.user, reason=reason.reason)
        messages.success(request, _("The role is removed."))
        return redirect("clinic:people")
    return show(request, "clinic/people_end.html", {"membership": membership, "reason": reason})


def _send(invitation: Invitation, link: str, centre: str) -> bool:
    """Send the invitation; False if the mail server did not accept it. The link is on the page too."""
    offered = {"role": invitation.get_role_display(), "centre": centre}
    paragraphs = (
        _("You are invited to swecar, the national registry of CAR-T treatments in Sweden: %(role)s, %(centre)s.")
        % offered,
        _("Open this link within seven days. It works once:"),
        link,
    )
    return send(_("Invitation to swecar"), "\n\n".join(paragraphs), to=invitation.email)


urlpatterns = [
    path("people/", people, name="people"),
    path("people/invitations/<int:invitation_id>/revoke", revoke, name="invitation-revoke"),
    path("people/<int:membership_id>/end", end, name="membership-end"),
]
