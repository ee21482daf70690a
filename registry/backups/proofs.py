"""What a restored database shows before anybody works with it."""

import secrets
import time
from collections.abc import Iterator
from http import HTTPStatus

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.totp.internal import auth as one_time
from cryptography.fernet import InvalidToken
from django.conf import settings
from django.db import transaction
from django.test import Client
from django.urls import reverse
from django.utils.translation import override

from registry.access import Operator, acting_as, is_key_known
from registry.choices import NationalRole
from registry.entry.patients.key_in_use import find_fault_of_keys
from registry.errors import NotPublished
from registry.models import User
from registry.publishing.history_proof import prove_history
from registry.publishing.verification import verify


def find_faults() -> Iterator[tuple[str, str]]:
    """Each proof by name, with what is wrong; "" where it holds."""
    yield "identity keys", find_fault_of_keys()
    yield "SECRET_KEY", "" if is_key_known() else "The database does not know it: run manage.py make_roles."
    yield "second factors", _find_sealed_factors()
    yield "sign-in with a second factor", _find_fault_of_sign_in()
    yield "published numbers", _find_differences()
    yield "history and access log", "; ".join(prove_history().findings)


def _find_differences() -> str:
    try:
        found = verify()
    except NotPublished:
        return ""  # as when the backup was made
    if found.behind and not found.tampered:
        return ""  # the records had moved on when the backup was made; the next snapshot is counted anew
    return "; ".join(f"{one.cell} {one.measure}" for one in found.differences)


def _find_sealed_factors() -> str:
    """Whether SECRET_KEY opens the secrets of the authenticator apps."""
    closed = 0
    for factor in Authenticator.objects.filter(type=Authenticator.Type.TOTP):
        try:
            get_adapter().decrypt(factor.data["secret"])
        except (InvalidToken, ValueError):
            closed += 1
    return f"SECRET_KEY does not open {closed} of them: their owners could not sign in." if closed else ""


def _find_fault_of_sign_in() -> str:
    """Sign in as somebody who exists for the length of a transaction, by password and code."""
    with transaction.atomic(), override("en"):
        password, user = secrets.token_urlsafe(24), User(username=f"restore-{secrets.token_hex(8)}", is_staff=True)
        user.national_role = NationalRole.ADMINISTRATOR
        with acting_as(Operator()):
            user.set_password(password)
            user.save()
        secret = one_time.generate_totp_secret()
        one_time.TOTP.activate(user, secret)
        fault = _sign_in(user.username, password, secret)
        transaction.set_rollback(True)
    return fault


def _sign_in(username: str, password: str, secret: str) -> str:
    site = settings.ALLOWED_HOSTS[0].lstrip(".").replace("*", "localhost")
    client = Client(
        headers={"host": site, "x-forwarded-for": "127.0.0.1", "x-forwarded-proto": "https"},
        raise_request_exception=False,
    )
    answer = client.post(reverse("account_login"), {"login": username, "password": password}, secure=True)
    if answer.status_code != HTTPStatus.FOUND or "2fa" not in answer.headers["Location"]:
        return f"The password was not taken (status {answer.status_code})."
    code = one_time.format_hotp_value(one_time.hotp_value(secret, int(time.time()) // 30))
    answer = client.post(answer.headers["Location"], {"code": code}, secure=True)
    if answer.status_code != HTTPStatus.FOUND:
        return f"The code was not taken (status {answer.status_code})."
    status = client.get(reverse("clinic:start"), secure=True).status_code
    return "" if status == HTTPStatus.OK else f"The first page after signing in has status {status}."
