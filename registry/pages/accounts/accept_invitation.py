"""Accepting an invitation. The token is only in the link: after that the session holds the invitation."""

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.cache import never_cache
from django.views.decorators.http import require_http_methods, require_safe

from registry.access import ROLES
from registry.entry.accounts.invitations import (
    accept_as_member,
    accept_as_newcomer,
    find_invitation,
    open_invitations,
)
from registry.errors import InvitationUnusable, UsernameTaken
from registry.models import Invitation, User
from registry.pages.accounts.forms import NewcomerForm
from registry.pages.accounts.refused import show_refused

KEPT = "invitation"


@require_safe
@never_cache
def open_link(request: HttpRequest, token: str) -> HttpResponse:
    """The link in the e-mail: redirects to a page without the token, so that it is in no Referer."""
    try:
        request.session[KEPT] = find_invitation(token).pk
    except InvitationUnusable as unusable:
        response = show_refused(request, unusable)
    else:
        response = redirect("invitation")
    response.headers["Referrer-Policy"] = "no-referrer"
    return response


@require_http_methods(["GET", "HEAD", "POST"])
@never_cache
def accept(request: HttpRequest) -> HttpResponse:
    """The offered role, with the form for a new account; a signed-in user only confirms."""
    invitation = open_invitations().select_related("centre").filter(pk=request.session.get(KEPT)).first()
    if invitation is None:
        return show_refused(request, InvitationUnusable())
    try:
        if request.user.is_authenticated:
            return _join(request, invitation, request.user)
        return _register(request, invitation)
    except InvitationUnusable as unusable:  # accepted or revoked meanwhile
        return show_refused(request, unusable)


def _join(request: HttpRequest, invitation: Invitation, user: User) -> HttpResponse:
    if request.method == "POST":
        accept_as_member(invitation_id=invitation.pk, by=user)
        return _leave(request, _("You have the role now."), "clinic:start")
    return _show(request, invitation, None)


def _register(request: HttpRequest, invitation: Invitation) -> HttpResponse:
    form = NewcomerForm(request.POST if request.method == "POST" else None)
    if form.is_valid():
        fields = ("username", "password", "first_name", "last_name")
        try:
            accept_as_newcomer(invitation_id=invitation.pk, **{name: form.cleaned_data[name] for name in fields})
        except UsernameTaken as taken:
            form.add_error("username", str(taken))
        else:
            return _leave(request, _("Your account is ready: sign in with it."), "account_login")
    return _show(request, invitation, form)


def _leave(request: HttpRequest, sentence: str, name: str) -> HttpResponse:
    request.session.pop(KEPT, None)
    messages.success(request, sentence)
    return redirect(name)


def _show(request: HttpRequest, invitation: Invitation, form: NewcomerForm | None) -> HttpResponse:
    context = {
        "invitation": invitation,
        "meaning": ROLES[invitation.role][0],
        "form": form,
        "sign_in": f"{reverse('account_login')}?next={reverse('invitation')}",
    }
    return render(request, "accounts/invitation.html", context)
