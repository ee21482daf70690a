"""What the tests of sign-in share: a browser's steps, and the codes of an app (RFC 6238)."""

import base64
import hmac
import struct
import time

from django.test import Client

PASSWORD = "not a secret"  # factories.user's


def code_of(secret: str, *, steps: int = 0) -> str:
    """The six digits that an app shows, now or some half minutes from now."""
    counter = int(time.time()) // 30 + steps
    digest = hmac.digest(base64.b32decode(secret), struct.pack(">Q", counter), "sha1")
    place = digest[-1] & 15
    number = int.from_bytes(digest[place : place + 4]) & 0x7FFFFFFF
    return f"{number % 10**6:06}"


def sign_in(client: Client, name: str = "nurse", password: str = PASSWORD, next_page: str = ""):
    """Send the form of sign-in, in English."""
    return client.post("/en/accounts/login/", {"login": name, "password": password, "next": next_page})


def set_up_app(client: Client) -> str:
    """Set up an app for whoever is signed in; its secret."""
    client.post("/en/accounts/reauthenticate/", {"password": PASSWORD})
    form = client.get("/en/accounts/2fa/totp/activate/").context["form"]
    answer = client.post("/en/accounts/2fa/totp/activate/", {"code": code_of(form.secret)})
    assert answer.status_code == 302, answer.context["form"].errors
    return form.secret


def text(response) -> str:
    return response.content.decode()
