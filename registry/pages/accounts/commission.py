"""Sign-in with SITHS over OpenID Connect: assurance level and commission; no other claim is stored."""

from typing import Any

from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter
from allauth.socialaccount.providers.base import AuthProcess

from registry.entry.accounts.invitations import SITHS
from registry.entry.accounts.siths import admit_commissioned
from registry.errors import AssuranceTooLow, CommissionUnknown, RegistryError
from registry.models import User
from registry.numbers_in_text import holds_identity_number
from registry.pages.accounts.refused import show_refused

COMMISSION = "commissionHsaId"


class CommissionAdapter(DefaultSocialAccountAdapter):
    """Admits users with a commission at a centre; accounts are never matched by e-mail address."""

    def is_open_for_signup(self, request, sociallogin) -> bool:
        """No: pre_social_login has already stored the account, or refused it."""
        return False

    def populate_user(self, request, sociallogin, data: dict[str, Any]) -> User:
        """Set the name. The provider's claims are not stored, since they may hold an identity number."""
        claims, sociallogin.account.extra_data = sociallogin.account.extra_data, {}
        sociallogin.claims = {**claims.get("userinfo", {}), **claims.get("id_token", {})}
        user: User = sociallogin.user
        user.username = f"{SITHS}{sociallogin.account.uid}"[:150]
        user.first_name = str(data.get("first_name") or "")[:150]
        user.last_name = str(data.get("last_name") or "")[:150]
        return user

    def pre_social_login(self, request, sociallogin) -> None:
        """Admit or refuse the user before sign-in."""
        try:
            self._admit(sociallogin)
        except RegistryError as refused:
            raise ImmediateHttpResponse(show_refused(request, refused)) from None

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
