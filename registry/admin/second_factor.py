"""The page on which an administrator removes a user's lost second factor."""

from django import forms
from django.contrib import admin, messages
from django.contrib.admin.helpers import AdminForm
from django.contrib.admin.utils import unquote
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpResponseRedirect
from django.template.response import TemplateResponse
from django.urls import path, reverse
from django.utils.translation import gettext

from registry.admin.reason_field import ReasonField
from registry.entry.accounts.others import remove_second_factor
from registry.errors import NotPermitted


class ReasonForm(forms.Form):
    """Why something is done to an account."""

    reason = ReasonField()


class SecondFactorPage(admin.ModelAdmin):
    """Adds the page to the admin of users."""

    def get_urls(self):
        """Add the URL of the page."""
        view = self.admin_site.admin_view(self.second_factor_view)
        return [path("<path:object_id>/second-factor/", view, name="user_second_factor"), *super().get_urls()]

    def second_factor_view(self, request, object_id):
        """Ask for the reason; a POST removes the second factor."""
        if not self.has_change_permission(request):
            raise PermissionDenied
        person = self.get_object(request, unquote(object_id))
        if person is None:
            raise Http404
        form = ReasonForm(request.POST if request.method == "POST" else None)
        if form.is_valid():
            try:
                remove_second_factor(user=person, by=request.user, reason=form.cleaned_data["reason"])
            except NotPermitted:
                raise PermissionDenied from None
            messages.success(request, gettext("The second factor is removed."))
            return HttpResponseRedirect(reverse("admin:registry_user_change", args=[person.pk]))
        context = {
            **self.admin_site.each_context(request),
            "title": gettext("Remove the second factor"),
            "opts": self.opts,
            "person": person,
            "form": form,
            "adminform": AdminForm(form, [(None, {"fields": ["reason"]})], {}),  # type: ignore[arg-type]
        }
        return TemplateResponse(request, "admin/registry/user/second_factor.html", context)
