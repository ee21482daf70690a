"""Sign-in: there for everyone, or for one's own account alone; and the people of a centre."""

from tests.routes import Row

ALL_200 = {"nobody": 200, "signed_in": 200}
ALL_302 = {"nobody": 302, "signed_in": 302}
ALL_404 = {"nobody": 404, "signed_in": 404}
ALL_405 = {"nobody": 405, "signed_in": 405}
OWN = {"nobody": 302, "signed_in": 200}
OWN_405 = {"nobody": 302, "signed_in": 405}
INVITERS = {"nobody": 302, "signed_in": 404, "lead": 200, "administrator": 200}
INVITED = {"nobody": 302, "signed_in": 404, "lead": 302, "administrator": 302}
INVITERS_405 = {"nobody": 302, "signed_in": 404, "lead": 405, "administrator": 405}


def key(world):
    return {"uidb36": "1", "key": "made-up"}


def passkey(world):
    return {"pk": 1}


def siths(world):
    return {"provider_id": "siths"}


def token(world):
    return {"token": "made-up"}


def invitation(world):
    return {"invitation_id": world.invitation.pk}


def membership(world):
    return {"membership_id": world.users["reporter"].memberships.get().pk}


def form(world):
    return {"email": "a@example.org", "centre": "UPP", "role": "reporter"}


def reason(world):
    return {"why": "other_tasks"}


ROWS = [
    Row("accounts", "GET", ALL_302),
    Row("accounts", "POST", ALL_302),
    # Whoever is signed in already is sent on; a form that holds nothing is shown again.
    Row("account_login", "GET", {"nobody": 200, "signed_in": 302}),
    Row("account_login", "POST", {"nobody": 200, "signed_in": 302}),
    Row("account_logout", "GET", {"nobody": 302, "signed_in": 200}),
    Row("account_logout", "POST", ALL_302),
    Row("account_inactive", "GET", ALL_200),
    Row("account_inactive", "POST", ALL_405),
    Row("account_reauthenticate", "GET", OWN),
    Row("account_reauthenticate", "POST", OWN),
    Row("account_change_password", "GET", OWN),
    Row("account_change_password", "POST", OWN),
    Row("account_reset_password", "GET", ALL_200),
    Row("account_reset_password", "POST", ALL_200),
    Row("account_reset_password_done", "GET", ALL_200),
    Row("account_reset_password_done", "POST", ALL_405),
    Row("account_reset_password_from_key", "GET", ALL_200, args=key),
    Row("account_reset_password_from_key", "POST", ALL_200, args=key),
    Row("account_reset_password_from_key_done", "GET", ALL_200),
    Row("account_reset_password_from_key_done", "POST", ALL_405),
    # One's own second factor; what changes it asks for the password once more first.
    Row("mfa_index", "GET", OWN),
    Row("mfa_index", "POST", OWN_405),
    Row("mfa_authenticate", "GET", ALL_302),
    Row("mfa_authenticate", "POST", ALL_302),
    Row("mfa_reauthenticate", "GET", ALL_302),
    Row("mfa_reauthenticate", "POST", ALL_302),
    Row("mfa_activate_totp", "GET", ALL_302),
    Row("mfa_activate_totp", "POST", ALL_302),
    Row("mfa_deactivate_totp", "GET", {"nobody": 302, "signed_in": 404}),
    Row("mfa_deactivate_totp", "POST", {"nobody": 302, "signed_in": 404}),
    Row("mfa_view_recovery_codes", "GET", {"nobody": 302, "signed_in": 404}),
    Row("mfa_view_recovery_codes", "POST", OWN_405),
    Row("mfa_generate_recovery_codes", "GET", ALL_302),
    Row("mfa_generate_recovery_codes", "POST", ALL_302),
    Row("mfa_download_recovery_codes", "GET", {"nobody": 302, "signed_in": 404}),
    Row("mfa_download_recovery_codes", "POST", {"nobody": 302, "signed_in": 404}),
    Row("mfa_list_webauthn", "GET", OWN),
    Row("mfa_list_webauthn", "POST", OWN_405),
    Row("mfa_add_webauthn", "GET", ALL_302),
    Row("mfa_add_webauthn", "POST", ALL_302),
    Row("mfa_reauthenticate_webauthn", "GET", ALL_302),
    Row("mfa_reauthenticate_webauthn", "POST", ALL_302),
    Row("mfa_remove_webauthn", "GET", ALL_302, args=passkey),
    Row("mfa_remove_webauthn", "POST", ALL_302, args=passkey),
    Row("mfa_edit_webauthn", "GET", ALL_302, args=passkey),
    Row("mfa_edit_webauthn", "POST", ALL_302, args=passkey),
    # No provider is set up here; tests/test_oidc.py starts one.
    Row("openid_connect_login", "GET", ALL_404, args=siths),
    Row("openid_connect_login", "POST", ALL_404, args=siths),
    Row("openid_connect_callback", "GET", ALL_404, args=siths),
    Row("openid_connect_callback", "POST", ALL_404, args=siths),
    Row("socialaccount_login_cancelled", "GET", ALL_200),
    Row("socialaccount_login_cancelled", "POST", ALL_405),
    Row("socialaccount_login_error", "GET", {"nobody": 401, "signed_in": 401}),
    Row("socialaccount_login_error", "POST", ALL_405),
    Row("invitation-link", "GET", ALL_404, args=token),
    Row("invitation-link", "POST", ALL_405, args=token),
    Row("invitation", "GET", ALL_404),
    Row("invitation", "POST", ALL_404),
    Row("clinic:people", "GET", INVITERS),
    Row("clinic:people", "POST", INVITERS, data=form),
    Row("clinic:invitation-revoke", "GET", INVITERS_405, args=invitation),
    Row("clinic:invitation-revoke", "POST", INVITED, args=invitation),
    Row("clinic:membership-end", "GET", INVITERS, args=membership),
    Row("clinic:membership-end", "POST", INVITED, args=membership, data=reason),
]
