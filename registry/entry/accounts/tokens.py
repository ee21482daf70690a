"""API tokens: shown once when created, stored as a digest, revoked."""

import secrets
from collections.abc import Collection
from datetime import datetime, timedelta
from ipaddress import ip_address, ip_network

from django.conf import settings
from django.db import connection
from django.db.models import Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_noop

from registry.access import NATIONWIDE, Actor, Permission, acting_as, centres_where, require
from registry.choices import Scope
from registry.entry.accounts.invitations import TOKEN_BYTES, digest_of
from registry.errors import IdentifierInText, NotFound, RegistryError
from registry.models import Token, User
from registry.models.by_hand import columns_of, row_of
from registry.numbers_in_text import holds_identity_number

PREFIX = "swecar_"  # so that a scan for leaked secrets recognises a token
LONGEST_DAYS = 365  # of a token that only reads; TOKEN_DAYS of one that writes
MOST_NETWORKS = 20
USE_IS_NOTED_EVERY = timedelta(minutes=1)

# As _usable has it, with the owner and their roles.
USABLE = f"""
SELECT {columns_of(Token, "token")}, {columns_of(User, "owner")},
       ARRAY(SELECT role FROM registry_membership WHERE user_id = owner.id ORDER BY id),
       ARRAY(SELECT centre_id FROM registry_membership WHERE user_id = owner.id ORDER BY id)
FROM registry_token AS token JOIN registry_user AS owner ON owner.id = token.owner_id
WHERE token.digest = %s AND token.revoked_at IS NULL AND token.expires_at > %s AND owner.is_active
"""
OF_TOKEN = len(Token._meta.concrete_fields)


class TokenInvalid(RegistryError):
    sentence = gettext_noop("The token is wrong, revoked, too old, or bound to other networks.")
    code = "token_invalid"


def tokens_of(user: User) -> QuerySet[Token]:
    """A user's own tokens, latest first."""
    return Token.objects.filter(owner=user)


def tokens_in_use(by: User) -> QuerySet[Token]:
    """The tokens that work, of everyone at the centres whose people the actor manages, with their owners."""
    centres = centres_where(by, Permission.INVITE_PEOPLE)
    found = _usable().select_related("owner").order_by("owner__username", "-created_at")
    return found if centres is NATIONWIDE else found.filter(owner__in=_people_at(centres))


def _people_at(centres: Collection[int]) -> QuerySet[User]:
    return User.objects.filter(memberships__centre__in=centres)


def _usable() -> QuerySet[Token]:
    return Token.objects.filter(revoked_at=None, expires_at__gt=timezone.now(), owner__is_active=True)


def longest_days(scope: Scope) -> int:
    """For how long a token with this scope can be made."""
    return min(settings.TOKEN_DAYS, LONGEST_DAYS) if scope == Scope.WRITE else LONGEST_DAYS


def read_networks(text: str) -> str:
    """Networks as they are stored, from addresses and networks with spaces or commas between.

    Raises ValueError for what is neither, and for more than MOST_NETWORKS.
    """
    networks = [str(ip_network(part, strict=False)) for part in text.replace(",", " ").split()]
    if len(networks) > MOST_NETWORKS:
        raise ValueError(f"at most {MOST_NETWORKS} networks")
    return " ".join(dict.fromkeys(networks))


def create_token(
    *, owner: User, name: str, scope: Scope, days: int, by: Actor, networks: str = ""
) -> tuple[Token, str]:
    """A new token and its text, which is not stored.

    It grants its owner's permissions, or reading only, for so many days; from these networks alone, if there are
    any. Raises IdentifierInText, NotPermitted for another user's token, ValueError for days out of range and for
    what is no network.
    """
    if by != owner:
        require(by, Permission.INVITE_PEOPLE)
    if not 1 <= days <= longest_days(scope):
        raise ValueError(f"a token is valid for 1 to {longest_days(scope)} days")
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
            networks=read_networks(networks),
        )
    return token, text


def revoke_token(*, token_id: int, by: User) -> Token:
    """Revoke one's own token, or one of tokens_in_use; idempotent. Raises NotFound."""
    with acting_as(by):
        mine = Q(pk__in=tokens_of(by).values("pk")) | Q(pk__in=tokens_in_use(by).values("pk"))
        token = Token.objects.select_for_update().filter(mine, pk=token_id).first()
        if token is None:
            raise NotFound
        if token.revoked_at is None:
            token.revoked_at = timezone.now()
            token.save(update_fields=["revoked_at"])
    return token


def use_token(text: str, *, address: str = "") -> Token:
    """The token with this text, its owner selected; its last use is stored at most once a minute.

    address: the client's. Raises TokenInvalid alike if it is wrong, revoked or expired, its owner may not sign in,
    or it is bound to networks without this address.
    """
    now = timezone.now()
    token = _find_usable(digest_of(text), now)
    if token is None or not _is_inside(address, token.networks):
        raise TokenInvalid
    if token.last_used_at is None or token.last_used_at < now - USE_IS_NOTED_EVERY:
        Token.objects.filter(pk=token.pk).update(last_used_at=now, last_used_from=address or None)
    return token


def _find_usable(digest: bytes, now: datetime) -> Token | None:
    """The token with this digest, with its owner and their roles."""
    with connection.cursor() as cursor:
        cursor.execute(USABLE, [digest, now])
        found = cursor.fetchone()
    if found is None:
        return None
    *values, roles, centres = found
    token: Token = row_of(Token, values[:OF_TOKEN])
    token.owner = row_of(User, values[OF_TOKEN:])
    token.owner.know_roles(zip(roles, centres, strict=True))
    return token


def _is_inside(address: str, networks: str) -> bool:
    if not networks:
        return True
    return bool(address) and any(ip_address(address) in ip_network(network) for network in networks.split())
