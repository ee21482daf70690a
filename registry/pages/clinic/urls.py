"""Addresses under /clinic/."""

from registry.pages.clinic import (
    access_log,
    coverage,
    desk,
    entry,
    people,
    persons,
    questions,
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
    *desk.urlpatterns,
    *access_log.urlpatterns,
    *people.urlpatterns,
    *tokens.urlpatterns,
]
