"""Sign-in URLs: only the allauth URLs in use; there is no sign-up."""

from allauth.account import views as account
from allauth.mfa import urls as factors
from allauth.socialaccount import views as social
from allauth.socialaccount.providers.openid_connect import urls as openid_connect
from django.urls import include, path, re_path
from django.views.generic import RedirectView

from registry.pages.accounts import accept_invitation

urlpatterns = [
    path("", RedirectView.as_view(pattern_name="account_login"), name="accounts"),
    path("login/", account.login, name="account_login"),
    path("logout/", account.logout, name="account_logout"),
    path("inactive/", account.account_inactive, name="account_inactive"),
    path("reauthenticate/", account.reauthenticate, name="account_reauthenticate"),
    path("password/change/", account.password_change, name="account_change_password"),
    path("password/reset/", account.password_reset, name="account_reset_password"),
    path("password/reset/done/", account.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        account.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        account.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
    path("2fa/", include(factors)),
    path("siths/cancelled/", social.login_cancelled, name="socialaccount_login_cancelled"),
    path("siths/error/", social.login_error, name="socialaccount_login_error"),
    path("", include(openid_connect)),
    path("invitation/", accept_invitation.accept, name="invitation"),
    path("invitation/<str:token>/", accept_invitation.open_link, name="invitation-link"),
]
