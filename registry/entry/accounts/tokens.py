"""API tokens: shown once when created, stored as a digest, revoked."""

import secrets
from datetime import timedelta

from django.db.models import QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.access import Actor, Permission, acting_as, require
from registry.choices import Scope
from registry.entry.accounts.invitations import TOKEN_BYTES, digest_of
from registry.errors import IdentifierInText, NotFound, RegistryError
from registry.models import Token, User
from registry.numbers_in_text import holds_identity_number

PREFIX = "swecar_"  # so that a scan for leaked secrets recognises a token
LONGEST_DAYS = 365
USE_IS_NOTED_EVERY = timedelta(minutes=1)


class TokenInvalid(RegistryError):
    sentence = gettext_noop("The token is wrong, revoked or too old.")
    code = "token_invalid"


def tokens_of(user: User) -> QuerySet[Token]:
    """A user's own tokens, latest first; no other user can list them."""
    return Token.objects.filter(owner=user)


def create_token(*, owner: User, name: str, scope: Scope, days: int, by: Actor) -> tuple[Token, str]:
    """A new token and its text, which is not stored.

    It grants its owner's permissions, or reading only, for so many days. Raises IdentifierInText,
    NotPermitted for another user's token, ValueError for days out of range.
    """
    if by != owner:
        require(by, Permission.INVITE_PEOPLE)
    if not 1 <= days <= LONGEST_DAYS:
        raise ValueError(f"a token is valid for 1 to {LONGEST_DAYS} days")
    if holds_identity_number(name):
        raise IdentifierInText(_("This looks like an identity number."))
    text = PREFIX + secrets.token_urlsafe(TOKEN_BYTES)
    with acting_as(by):
        token = Token.objects.create(
            owner=owner,
            name=name,
            scope=Scope(scope),
            digest=digest_of(text),
            expires_at=timezone.now() + timedelta(days=days),
        )
    return token, text


def revoke_token(*, token_id: int, by: User) -> Token:
    """Revoke one of the user's own tokens; idempotent. Raises NotFound."""
    with acting_as(by):
        token = tokens_of(by).select_for_update().filter(pk=token_id).first()
        if token is None:
            raise NotFound
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
    return token


def use_token(text: str) -> Token:
    """The token with this text, its owner selected; its last use is stored at most once a minute.

    Raises TokenInvalid alike if it is wrong, revoked or expired, or its owner may not sign in.
    """
    now = timezone.now()
    usable = Token.objects.filter(revoked_at=None, expires_at__gt=now, owner__is_active=True)
    token = usable.select_related("owner").filter(digest=digest_of(text)).first()
    if token is None:
        raise TokenInvalid
    if token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now)
    return token
