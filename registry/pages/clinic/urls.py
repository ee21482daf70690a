"""Addresses under /clinic/."""

from registry.pages.clinic import (
    access_log,
    coverage,
    date_field,
    desk,
    entry,
    identifiers,
    people,
    persons,
    questions,
    referrals,
    releases,
    start,
    tokens,
    transfer,
)

app_name = "clinic"
urlpatterns = [
    *start.urlpatterns,
    *entry.urlpatterns,
    *persons.urlpatterns,
    *transfer.urlpatterns,
    *coverage.urlpatterns,
    *questions.urlpatterns,
    *referrals.urlpatterns,
    *desk.urlpatterns,
    *identifiers.urlpatterns,
    *releases.urlpatterns,
    *access_log.urlpatterns,
    *people.urlpatterns,
    *tokens.urlpatterns,
    *date_field.urlpatterns,
]
