"""The start page: what was entered lately, what waits for an answer, the centre's counts."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
