"""The steward's desk: double persons, merging, moving, erasing."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
