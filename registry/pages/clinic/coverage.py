"""How far a centre's records are complete."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
