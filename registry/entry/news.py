"""E-mail about what is new for a user: what was asked, answered, done or published, and what has become due.

No person, no clinical detail: how many of what, at which centre, and the address of the page that has it.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import datetime, time, timedelta
from functools import partial
from typing import NamedTuple

from django.conf import settings
from django.db.models import Max, Q
from django.db.models.functions import Greatest
from django.urls import reverse
from django.utils import timezone
from django.utils.translation import get_language, ngettext
from django.utils.translation import gettext as _

from registry.choices import ImportState, NewsMail, Side
from registry.entry.accounts.mails import in_both_languages, send
from registry.entry.coverage import due_through, read_due
from registry.entry.questions.questions import OF_SIDE, RELATED
from registry.models import Centre, ImportJob, Question, Release, User

SUBJECT = "swecar: nytt för dig / news for you"
DAILY_AT = time(7)
AT_MOST_EACH = timedelta(minutes=10)
FIRST = timedelta(days=1)  # how far the first mail to a user looks back
COMMITTED = timedelta(minutes=1)  # what is written is seen this much later at the latest
ENDED = (ImportState.CHECKED, ImportState.STORED, ImportState.REFUSED, ImportState.FAILED)


class Period(NamedTuple):
    """After since, until."""

    since: datetime
    until: datetime

    def has(self, field: str) -> Q:
        """Condition: a field's moment is in the period."""
        return Q(**{f"{field}__gt": self.since, f"{field}__lte": self.until})


class News(NamedTuple):
    """What is new in one sentence, and the address of its page."""

    sentence: str
    address: str


def send_news() -> int:
    """Each minute: mail everybody whose mail is due what is new since their last one; how many were sent.

    A mail that the server does not take is tried again with the next run, and the others after it. A worker that
    dies between noting a mail and sending it loses that mail: what it told still stands on the start page. A
    demonstration mails nobody.
    """
    sent = 0
    if settings.DEMONSTRATION:
        return sent
    now = timezone.now()
    users = User.objects.filter(is_active=True).exclude(email="").exclude(news_mail=NewsMail.NEVER)
    for user in users.defer("password").order_by("news_until", "pk"):
        if not is_due(user, now):
            continue
        period = Period(user.news_until or now - FIRST, now - COMMITTED)
        body = in_both_languages(partial(_write, user, period))
        if not body.strip() and user.news_mail == NewsMail.SOON:
            continue
        if not _note(user, period.until) or not body.strip():
            continue
        if not send(SUBJECT, body, to=user.email):
            User.objects.filter(pk=user.pk, news_until=period.until).update(news_until=user.news_until)
            break
        sent += 1
    return sent


def is_due(user: User, now: datetime) -> bool:
    """Whether the user's last mail is so long ago that there may be another."""
    if user.news_until is None:
        return True
    if user.news_mail == NewsMail.SOON:
        return user.news_until <= now - AT_MOST_EACH
    local = timezone.localtime(now)
    morning = local.replace(hour=DAILY_AT.hour, minute=0, second=0, microsecond=0)
    if local < morning:
        morning -= timedelta(days=1)
    return user.news_until + COMMITTED < morning


def read_news(user: User, period: Period) -> Iterator[News]:
    """What is new for a user, in the language that is active."""
    yield from _questions(user, period, Side.CLINIC)
    yield from _questions(user, period, Side.STEWARD)
    yield from _attestations(user, period)
    yield from _files(user, period)
    yield from _releases(period)


def _note(user: User, until: datetime) -> bool:
    """Whether this run mails the user: of two at once only one does."""
    unchanged = User.objects.filter(pk=user.pk, news_mail=user.news_mail, news_until=user.news_until)
    return bool(unchanged.update(news_until=until))


def _write(user: User, period: Period) -> list[str]:
    lines = [line for news in read_news(user, period) for line in (news.sentence, news.address, "")]
    if lines:
        lines.append(_("Choose here how often you get this e-mail, or not to get it:"))
        lines.append(_address("clinic:news-mail"))
    return lines


def _address(page: str, **arguments: str) -> str:
    return f"{settings.SITE_URL}{reverse(page, kwargs=arguments)}"


def _questions(user: User, period: Period, side: Side) -> Iterator[News]:
    """What people on the other side have asked or answered; what a rule doubts stands on the start page."""
    waiting = Question.objects.visible_to(user, OF_SIDE[side]).unclosed().filter(waits_for=side, rule="")
    # Greatest passes over what is null, which PostgreSQL does and the standard does not.
    latest = Greatest("asked_at", "answered_at", Max("messages__written_at"))
    found = waiting.annotate(latest=latest).filter(period.has("latest"))
    asked: Counter[Centre] = Counter()
    answered: Counter[Centre] = Counter()
    for question in found.select_related(*RELATED):
        counter = asked if question.latest == question.asked_at else answered
        counter[question.asked_at_centre] += 1
    address = _address("clinic:questions")
    for centre, number in _in_order(asked):
        sentence = ngettext(
            "%(centre)s: %(number)s new question.", "%(centre)s: %(number)s new questions.", number
        )
        yield News(sentence % {"centre": centre.code, "number": number}, address)
    for centre, number in _in_order(answered):
        sentence = ngettext(
            "%(centre)s: a new reply in %(number)s question.",
            "%(centre)s: new replies in %(number)s questions.",
            number,
        )
        yield News(sentence % {"centre": centre.code, "number": number}, address)


def _in_order(counter: Counter[Centre]) -> list[tuple[Centre, int]]:
    return sorted(counter.items(), key=lambda item: item[0].code)


def _attestations(user: User, period: Period) -> Iterator[News]:
    """The centres for which the user may attest, once their attestation has become due."""
    through = due_through(timezone.localdate(period.until))
    if due_through(timezone.localdate(period.since)) == through:
        return
    for due in read_due(by=user):
        sentence = _("%(centre)s: the attestation through %(day)s is due.")
        yield News(
            sentence % {"centre": due.centre.code, "day": due.through.isoformat()}, _address("clinic:coverage")
        )


def _files(user: User, period: Period) -> Iterator[News]:
    ended = ImportJob.objects.filter(uploaded_by=user, state__in=ENDED)
    number = ended.filter(period.has("finished_at")).count()
    if number:
        sentence = ngettext(
            "%(number)s file of yours has been checked or stored.",
            "%(number)s files of yours have been checked or stored.",
            number,
        )
        yield News(sentence % {"number": number}, _address("clinic:imports"))


def _releases(period: Period) -> Iterator[News]:
    for name in Release.objects.filter(period.has("released_at")).order_by("pk").values_list("name", flat=True):
        yield News(
            _("The release %(name)s has been published.") % {"name": name},
            _address(f"release-{get_language()}", name=name),
        )
