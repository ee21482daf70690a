"""API tokens: one's own listed, created and shown once; these, and those of the people one manages, revoked."""

from django import forms
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import HttpResponse
from django.shortcuts import redirect
from django.urls import path
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_http_methods, require_POST

from registry.choices import Scope
from registry.entry.accounts.tokens import (
    LONGEST_DAYS,
    MOST_NETWORKS,
    create_token,
    longest_days,
    read_networks,
    revoke_token,
    tokens_of,
)
from registry.free_text import refuse_identity_number
from registry.models import Token
from registry.pages.clinic.base import SignedInRequest, page, show
from registry.pages.clinic.choice_fields import ChoiceField, TypedChoiceField

SCOPES = [(Scope.READ, gettext_lazy("read only")), (Scope.WRITE, gettext_lazy("read and write"))]
PERIODS = (30, 90, 180, LONGEST_DAYS)
TOKENS_A_PAGE = 50
NAME = Token._meta.get_field("name")


class TokenForm(forms.Form):
    """A new token's name, scope and validity."""

    name = forms.CharField(
        label=gettext_lazy("Name"),
        max_length=NAME.max_length,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy("What it is used for."),
    )
    scope = ChoiceField(
        label=gettext_lazy("The token may"),
        choices=SCOPES,
        initial=Scope.READ,
        widget=forms.RadioSelect,
        help_text=gettext_lazy("It allows what you may do yourself, and no more."),
    )
    days = TypedChoiceField(label=gettext_lazy("Valid for"), coerce=int, initial=PERIODS[1])
    networks = forms.CharField(
        label=gettext_lazy("Networks"),
        required=False,
        max_length=1000,
        widget=forms.TextInput(attrs={"autocomplete": "off"}),
        help_text=gettext_lazy(
            "The only networks from which it is accepted, such as 10.1.0.0/16 192.0.2.7. Empty: any network."
        ),
    )

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["days"].choices = [  # type: ignore[attr-defined]
            (days, _("%(days)s days") % {"days": days}) for days in PERIODS
        ]

    def clean_networks(self) -> str:
        """The networks as they are stored."""
        try:
            return read_networks(self.cleaned_data["networks"])
        except ValueError:
            sentence = _("Write at most %(most)s addresses or networks with spaces between, such as 10.1.0.0/16.")
            raise forms.ValidationError(sentence % {"most": MOST_NETWORKS}) from None

    def clean(self) -> None:
        """Refuse to write for longer than a token may."""
        super().clean()
        longest = longest_days(Scope(self.cleaned_data.get("scope", Scope.READ)))
        if self.cleaned_data.get("days", 0) > longest:
            sentence = _("A token that may write is valid for %(days)s days at most.")
            self.add_error("days", sentence % {"days": longest})

    def clean_name(self) -> str:
        """Refuse a name that holds an identity number, and do not show it again."""
        name: str = self.cleaned_data["name"]
        try:
            refuse_identity_number(name)
        except forms.ValidationError:
            self.data = {**self.data, "name": ""}
            raise
        return name


@page()
@require_http_methods(["GET", "HEAD", "POST"])
def tokens(request: SignedInRequest) -> HttpResponse:
    """The user's tokens; POST creates a token and shows it once."""
    form = TokenForm(request.POST or None)
    made = text = None
    if form.is_valid():
        fields = form.cleaned_data
        made, text = create_token(
            owner=request.user, name=fields["name"], scope=Scope(fields["scope"]), days=fields["days"],
            networks=fields["networks"], by=request.user,
        )  # fmt: skip
        form = TokenForm()
    listed = Paginator(list(tokens_of(request.user)), TOKENS_A_PAGE).get_page(request.GET.get("page"))
    context = {"form": form, "made": made, "text": text, "listed": listed, "now": timezone.now()}
    return show(request, "clinic/tokens.html", context)


@page()
@require_POST
def revoke(request: SignedInRequest, token_id: int) -> HttpResponse:
    """Revoke one of the user's own tokens, or of those whom the user manages."""
    token = revoke_token(token_id=token_id, by=request.user)
    messages.success(request, _("The token %(name)s is revoked.") % {"name": token.name})
    return redirect("clinic:tokens" if token.owner_id == request.user.pk else "clinic:people")


urlpatterns = [
    path("tokens/", tokens, name="tokens"),
    path("tokens/<int:token_id>/revoke", revoke, name="token-revoke"),
]
