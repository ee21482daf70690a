"""The pages on which an administrator sets another's password or removes a lost second factor, with a reason."""

from collections.abc import Callable
from typing import Any

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import unquote
from django.contrib.auth.forms import AdminPasswordChangeForm
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.shortcuts import redirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.decorators import method_decorator
from django.utils.translation import gettext
from django.views.decorators.debug import sensitive_post_parameters

from registry.admin.reason_field import ReasonField
from registry.entry.accounts.others import remove_second_factor, set_password_of
from registry.errors import NotPermitted
from registry.models import User


class ReasonForm(forms.Form):
    """Why something is done to an account."""

    reason = ReasonField()


class OthersPasswordForm(AdminPasswordChangeForm):
    """Another user's password, or none, and why."""

    reason = ReasonField()


class OthersAccountPages(admin.ModelAdmin):
    """Adds the pages to the admin of users."""

    def get_urls(self):
        """Add the URL of the second factor; that of the password is Django's."""
        view = self.admin_site.admin_view(self.second_factor_view)
        return [path("<path:object_id>/second-factor/", view, name="user_second_factor"), *super().get_urls()]

    def second_factor_view(self, request, object_id):
        """Ask for the reason; a POST removes the second factor."""

        def remove(person: User, cleaned: dict[str, Any]) -> None:
            remove_second_factor(user=person, by=request.user, reason=cleaned["reason"])

        words = {
            "title": gettext("Remove the second factor"),
            "meaning": gettext(
                "The account's authenticator apps, passkeys and recovery codes are removed. Whoever next signs in "
                "with its password sets up new ones: make sure who is asking. The owner is told by e-mail."
            ),
            "done": gettext("The second factor is removed."),
        }
        return self._ask(request, object_id, lambda _person, typed: ReasonForm(typed), remove, words)

    @method_decorator(sensitive_post_parameters())
    def user_change_password(self, request, id, form_url=""):
        """Ask for another's password; one's own is changed where the old one is asked for."""
        if id == str(request.user.pk):
            return redirect("account_change_password")

        def set_password(person: User, cleaned: dict[str, Any]) -> None:
            password = cleaned["password1"] if cleaned["set_usable_password"] else None
            set_password_of(user=person, password=password, by=request.user, reason=cleaned["reason"])

        words = {
            "title": gettext("Set a new password"),
            "meaning": gettext(
                "The owner is told by e-mail, and has to choose another password at the next sign-in. Without the "
                "second factor this password is not enough: then the owner asks for a new one by e-mail."
            ),
            "done": gettext("The password is changed."),
        }
        return self._ask(request, id, OthersPasswordForm, set_password, words)

    def _ask(
        self, request, object_id: str, make_form: Callable[[User, Any], forms.Form], do: Callable, words: dict
    ):
        """The form, and after a valid POST the user's page; words: title, meaning, and what is said once done."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        person = self.get_object(request, unquote(object_id))
        if person is None:
            raise Http404
        form = make_form(person, request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                do(person, form.cleaned_data)
            except NotPermitted:
                raise PermissionDenied from None
            messages.success(request, words["done"])
            return HttpResponseRedirect(reverse("admin:registry_user_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            **words,
            "opts": self.opts,
            "person": person,
            "form": form,
            "adminform": AdminForm(form, [(None, {"fields": list(form.fields)})], {}),  # type: ignore[arg-type]
        }
        return TemplateResponse(request, "admin/registry/user/others_account.html", context)
