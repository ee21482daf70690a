"""A centre's people: invitations; one's own tokens."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
