"""The forms of sign-in and of accepting an invitation."""

from typing import Any

from allauth.account.forms import ChangePasswordForm, LoginForm
from allauth.mfa.webauthn.forms import AddWebAuthnForm, EditWebAuthnForm
from django import forms
from django.contrib.auth.password_validation import password_validators_help_text_html, validate_password
from django.core.exceptions import ValidationError
from django.utils.translation import gettext
from django.utils.translation import gettext_lazy as _

from registry.free_text import refuse_identity_number
from registry.models import User
from registry.numbers_in_text import holds_identity_number


class SignInForm(LoginForm):
    """Name and password, without allauth's reset link between the two in tab order: the page has its own."""

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["password"].help_text = ""


class OwnPasswordForm(ChangePasswordForm):
    """A new password, which is not the one that somebody else has set."""

    def clean_password1(self) -> str:
        """Refuse that one."""
        password: str = self.cleaned_data["password1"]
        if self.user.password_is_anothers and self.user.check_password(password):
            raise ValidationError(gettext("Choose a different one from the one that was set for you."))
        return password


class NewPasskeyForm(AddWebAuthnForm):
    def clean_name(self) -> str:
        """Replace a name that holds an identity number; refusing is too late, since the key is already created."""
        if holds_identity_number(self.cleaned_data["name"]):
            self.cleaned_data["name"] = ""
        return super().clean_name()


class PasskeyForm(EditWebAuthnForm):
    """Renaming a passkey."""

    def clean_name(self) -> str:
        """Refuse a name that holds an identity number."""
        name: str = self.cleaned_data["name"]
        refuse_identity_number(name)
        return name


class NewcomerForm(forms.ModelForm):
    """A new account."""

    password = forms.CharField(
        label=_("Password"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )
    again = forms.CharField(
        label=_("The password again"),
        strip=False,
        max_length=128,
        widget=forms.PasswordInput(attrs={"autocomplete": "new-password"}, render_value=False),
    )

    class Meta:
        model = User
        fields = ["username", "first_name", "last_name"]
        labels = {"username": _("User name"), "first_name": _("First name"), "last_name": _("Last name")}
        help_texts = {
            "username": _("Letters, digits and @/./+/-/_. It is shown in the history of everything you register.")
        }
        widgets = {
            "username": forms.TextInput(attrs={"autocomplete": "username", "autocapitalize": "none"}),
            "first_name": forms.TextInput(attrs={"autocomplete": "given-name"}),
            "last_name": forms.TextInput(attrs={"autocomplete": "family-name"}),
        }

    def __init__(self, *args, **kwargs):
        super().__init__(*args, **kwargs)
        self.fields["first_name"].required = self.fields["last_name"].required = True
        self.fields["password"].help_text = password_validators_help_text_html()
        for name in self.Meta.fields:
            self.fields[name].validators = [*self.fields[name].validators, refuse_identity_number]

    def clean(self) -> dict[str, Any]:
        """Refuse weak or mismatched passwords."""
        cleaned: dict[str, Any] = super().clean() or {}
        password, again = cleaned.get("password"), cleaned.get("again")
        if password and again and password != again:
            self.add_error("again", gettext("The two passwords are not the same."))
        if password:
            try:
                validate_password(password, User(**{name: cleaned.get(name) or "" for name in self.Meta.fields}))
            except ValidationError as weak:
                self.add_error("password", weak)
        return cleaned
