"""The site of Django's admin: signed in to as elsewhere, without unused URLs."""

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.utils.decorators import method_decorator

UNUSED = {"view_on_site", "autocomplete"}  # the first fails on tables of django-pghistory


class Administration(AdminSite):
    """Uses the sign-in of /accounts/, so that lock-out and second factor apply."""

    final_catch_all_view = False  # an unknown URL gives the same 404 as everywhere else
    login = method_decorator(secure_admin_login)(AdminSite.login)

    def get_urls(self):
        """Leave out the unused URLs."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in UNUSED]
