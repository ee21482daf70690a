"""Questions about rows, their answers and their closing."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
