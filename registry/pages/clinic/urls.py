"""URLs under /clinic/."""

from django.urls import path

from registry.pages.accounts.session_limits import session
from registry.pages.clinic import (
    access_log,
    answers,
    coverage,
    date_field,
    desk_state,
    files,
    identifiers,
    infusion_list,
    members,
    new_infusion,
    news_mail,
    patients,
    questions,
    referrals,
    releases,
    saved_filters,
    several,
    sign_ins,
    start,
    steward,
    tokens,
    trials,
    undo,
)

app_name = "clinic"
urlpatterns = [
    *start.urlpatterns,
    *new_infusion.urlpatterns,
    *infusion_list.urlpatterns,
    *patients.urlpatterns,
    *saved_filters.urlpatterns,
    *several.urlpatterns,
    *undo.urlpatterns,
    *files.urlpatterns,
    *coverage.urlpatterns,
    *trials.urlpatterns,
    *questions.urlpatterns,
    *answers.urlpatterns,
    *referrals.urlpatterns,
    *steward.urlpatterns,
    *desk_state.urlpatterns,
    *identifiers.urlpatterns,
    *releases.urlpatterns,
    *access_log.urlpatterns,
    *members.urlpatterns,
    *tokens.urlpatterns,
    *sign_ins.urlpatterns,
    *news_mail.urlpatterns,
    *date_field.urlpatterns,
    path("session", session, name="session"),
]
