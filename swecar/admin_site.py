"""The site of Django's admin: signed in to as elsewhere, without unused URLs."""

from functools import wraps

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.template.response import TemplateResponse
from django.utils.decorators import method_decorator

from registry.access import seeing_as

UNUSED = {"view_on_site", "autocomplete"}  # the first fails on tables of django-pghistory


class Administration(AdminSite):
    """Uses the sign-in of /accounts/, so that lock-out and second factor apply."""

    final_catch_all_view = False  # an unknown URL gives the same 404 as everywhere else
    login = method_decorator(secure_admin_login)(AdminSite.login)

    def admin_view(self, view, cacheable=False):
        """Let each page see what its user may, until it is rendered."""

        @wraps(view)
        def shown(request, *args, **kwargs):
            with seeing_as(request.user):
                response = view(request, *args, **kwargs)
                return response.render() if isinstance(response, TemplateResponse) else response

        return super().admin_view(shown, cacheable)

    def get_urls(self):
        """Leave out the unused URLs."""
        return [pattern for pattern in super().get_urls() if getattr(pattern, "name", None) not in UNUSED]
