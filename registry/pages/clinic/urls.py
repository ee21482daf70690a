"""URLs under /clinic/."""

from django.urls import path

from registry.pages.accounts.session_limits import session
from registry.pages.clinic import (
    access_log,
    answers,
    coverage,
    date_field,
    files,
    identifiers,
    members,
    new_infusion,
    patients,
    questions,
    referrals,
    releases,
    sign_ins,
    start,
    steward,
    tokens,
)

app_name = "clinic"
urlpatterns = [
    *start.urlpatterns,
    *new_infusion.urlpatterns,
    *patients.urlpatterns,
    *files.urlpatterns,
    *coverage.urlpatterns,
    *questions.urlpatterns,
    *answers.urlpatterns,
    *referrals.urlpatterns,
    *steward.urlpatterns,
    *identifiers.urlpatterns,
    *releases.urlpatterns,
    *access_log.urlpatterns,
    *members.urlpatterns,
    *tokens.urlpatterns,
    *sign_ins.urlpatterns,
    *date_field.urlpatterns,
    path("session", session, name="session"),
]
