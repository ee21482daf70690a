"""A person's page: the timeline, corrections and withdrawals."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
