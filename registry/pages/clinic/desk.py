"""The steward's desk: double persons, merging, moving, erasing."""

from django.urls import path

from registry.access import Permission
from registry.pages.clinic.shell import page, show

urlpatterns = [
    path("desk/", page(Permission.MERGE_PATIENTS)(lambda request: show(request, "clinic/busy.html")), name="desk"),
]
