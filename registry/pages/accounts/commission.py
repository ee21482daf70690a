"""Sign-in with SITHS over OpenID Connect: assurance level, commission, and nothing kept of the rest."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess
from django.http import HttpRequest
from django.shortcuts import render

from registry.entry.accounts.invitations import SITHS
from registry.entry.accounts.siths import admit_commissioned
from registry.errors import AssuranceTooLow, CommissionUnknown, RegistryError
from registry.identity import holds_identity_number
from registry.models import User
from swecar.http.error_status import status_of

COMMISSION = "commissionHsaId"


class CommissionAdapter(DefaultSocialAccountAdapter):
    """Lets in whoever has a commission at a centre; accounts are never joined by an e-mail address."""

    def is_open_for_signup(self, request, sociallogin) -> bool:
        """No: pre_social_login has stored the account, or refused."""
        return False

    def populate_user(self, request, sociallogin, data: dict[str, Any]) -> User:
        """The name; and of all that the provider tells, an identity number perhaps, nothing is stored."""
        told, sociallogin.account.extra_data = sociallogin.account.extra_data, {}
        sociallogin.claims = {**told.get("userinfo", {}), **told.get("id_token", {})}
        user: User = sociallogin.user
        user.username = f"{SITHS}{sociallogin.account.uid}"[:150]
        user.first_name = str(data.get("first_name") or "")[:150]
        user.last_name = str(data.get("last_name") or "")[:150]
        return user

    def pre_social_login(self, request, sociallogin) -> None:
        """Admit or refuse, before anyone is signed in."""
        try:
            self._admit(sociallogin)
        except RegistryError as refused:
            raise ImmediateHttpResponse(_refuse(request, refused)) from None

    def _admit(self, sociallogin) -> None:
        claims, accepted = sociallogin.claims, sociallogin.provider.app.settings["acr"]
        if claims.get("acr") not in accepted:
            raise AssuranceTooLow
        texts = (sociallogin.account.uid, sociallogin.user.first_name, sociallogin.user.last_name)
        if sociallogin.state.get("process") != AuthProcess.LOGIN or any(map(holds_identity_number, texts)):
            raise CommissionUnknown
        user = admit_commissioned(user=sociallogin.user, hsa_id=str(claims.get(COMMISSION) or ""))
        if sociallogin.account.pk is None:
            sociallogin.account.user = user
            sociallogin.account.save()


def _refuse(request: HttpRequest, error: RegistryError):
    return render(request, "accounts/refused.html", {"sentence": str(error)}, status=status_of(error))
