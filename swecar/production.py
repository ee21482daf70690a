"""What production needs beyond settings of the right form: nothing left at its example."""

from collections.abc import Iterator

from django.conf import settings
from django.core.checks import Error, Tags, register

from swecar.setting_table import SETTINGS
from swecar.variables import EnvironmentProblem

EXAMPLES = {setting.name: setting.default for setting in SETTINGS}


def list_unfinished() -> Iterator[tuple[str, str]]:
    """The id and the sentence of each setting that production cannot have; none of the demonstration's."""
    if settings.INSECURE_HTTP or settings.DEMONSTRATION:
        return
    if ",".join(settings.ALLOWED_HOSTS) == EXAMPLES["ALLOWED_HOSTS"]:
        yield "swecar.E001", "ALLOWED_HOSTS is not set. Write the site's host names, separated by commas."
    if "*" in settings.ALLOWED_HOSTS:
        yield "swecar.E002", "ALLOWED_HOSTS lets any name in. Write the site's host names instead of *."
    if not settings.ADMINS:
        yield "swecar.E003", "ADMINS is not set, so no alarm reaches anyone. Write an e-mail address."
    if EXAMPLES["CONTACT"] == settings.CONTACT:
        yield "swecar.E004", "CONTACT is not set. Write the e-mail address that the public pages are to give."
    if EXAMPLES["CONTROLLER"] == settings.CONTROLLER:
        yield "swecar.E005", "CONTROLLER is not set. Write the name of the controller of the personal data."
    if settings.SECOND_FACTOR != "required":
        yield (
            "swecar.E006",
            "SECOND_FACTOR is not `required`. Remove it: only a demonstration may do without.",
        )
    if settings.EMAIL_HOST_PASSWORD and not (settings.EMAIL_USE_TLS or settings.EMAIL_USE_SSL):
        yield "swecar.E007", "EMAIL_PASSWORD would be sent in clear. Write EMAIL_SECURITY=starttls or tls."


@register(Tags.security, deploy=True)
def check_settings(app_configs, **kwargs) -> list[Error]:
    """The same for `manage.py check --deploy`."""
    return [Error(sentence, id=number) for number, sentence in list_unfinished()]


def stop_if_unfinished() -> None:
    """End a server that starts in production with unfinished settings. Raises EnvironmentProblem."""
    problems = [sentence for _number, sentence in list_unfinished()]
    if problems:
        raise EnvironmentProblem("\n".join(problems))
