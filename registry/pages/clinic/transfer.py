"""Files in and out: import, export, the template."""

from django.urls import URLPattern

urlpatterns: list[URLPattern] = []
