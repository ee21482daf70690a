"""The start page: what was entered lately, what waits for an answer, the centre's counts."""

from django.urls import path

from registry.pages.clinic.shell import page, show

urlpatterns = [
    path("", page()(lambda request: show(request, "clinic/busy.html")), name="start"),
]
