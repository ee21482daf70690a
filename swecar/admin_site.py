"""Django's admin as one site of ours: one way in, and no addresses that nobody needs."""

from allauth.account.decorators import secure_admin_login
from django.contrib.admin import AdminSite
from django.utils.decorators import method_decorator

UNUSED = {"view_on_site", "autocomplete"}  # the first fails on tables of django-pghistory


class Administration(AdminSite):
    """Sign-in is that of /accounts/, so that lock-out and second factor hold here too."""

    final_catch_all_view = False  # an address that is none is answered as everywhere else
    login = method_decorator(secure_admin_login)(AdminSite.login)

    def get_urls(self):
        """Django's, without those that are not used."""
        return [address for address in super().get_urls() if getattr(address, "name", None) not in UNUSED]
