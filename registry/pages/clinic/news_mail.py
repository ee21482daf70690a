"""How often the user is mailed what is new for them."""

from django import forms
from django.contrib import messages
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods

from registry.choices import NewsMail
from registry.models import User
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.choice_fields import ChoiceField


class NewsMailForm(forms.Form):
    news_mail = ChoiceField(
        label=gettext_lazy("E-mail about what is new"), choices=NewsMail.choices, widget=forms.RadioSelect
    )


@page()
@require_http_methods(["GET", "HEAD", "POST"])
def news_mail(request: SignedInRequest) -> HttpResponse:
    """The choice; POST stores it."""
    form = NewsMailForm(request.POST or None, initial={"news_mail": request.user.news_mail})
    if form.is_valid():
        User.objects.filter(pk=request.user.pk).update(news_mail=form.cleaned_data["news_mail"])
        messages.success(request, _("Saved."))
        return redirect("clinic:news-mail")
    return show(request, "clinic/news_mail.html", {"form": form})


urlpatterns = [path("mail", news_mail, name="news-mail")]
