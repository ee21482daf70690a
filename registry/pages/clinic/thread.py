"""Displaying a question: its texts by side, and the form for the next text."""

from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext as _

from registry.access import Permission, centres_where
from registry.choices import Side, Status
from registry.entry.questions.questions import OF_SIDE, closable
from registry.models import Question, User
from registry.pages.clinic.steward_forms import WordsForm


@dataclass(frozen=True)
class Thread:
    """One question as the user sees it."""

    question: Question
    side: Side | None  # on which the user writes; None where they may only read
    may_close: bool
    may_correct: bool
    may_send: bool  # the row must be sent to the steward again
    form: WordsForm | None

    @property
    def waits_for_me(self) -> bool:
        """Whether it is the user's turn."""
        return self.side is not None and self.question.waits_for == self.side and not self.question.closed_at

    @property
    def is_answer(self) -> bool:
        """Whether the user's next text is the answer."""
        return _is_answer(self.question, self.side)

    @property
    def button(self) -> str:
        """The button's label."""
        return _("Reply") if self.is_answer else _("Write")


def threads_of(user: User, questions: Collection[Question], refused: WordsForm | None = None) -> list[Thread]:
    """The questions as the user sees them; refused: the form whose text was not stored."""
    may = {side: centres_where(user, permission) for side, permission in OF_SIDE.items()}
    writable = centres_where(user, Permission.WRITE_RECORDS)
    closing = closable(questions, user)
    threads = []
    for question in questions:
        centre, infusion = question.asked_at_centre.pk, question.infusion
        sides = [side for side in Side if centre in may[side]]
        # A user on both sides answers first, and then takes the side whose turn it is.
        side = question.waits_for if question.waits_for in sides else next(iter(sides), None)
        side = Side(side) if side and question.closed_at is None else None
        may_correct = infusion is not None and centre in writable and infusion.status == Status.SUBMITTED
        form = refused or (words_form(question, is_answer=_is_answer(question, side)) if side else None)
        threads.append(
            Thread(
                question=question,
                side=side,
                may_close=question.pk in closing and not question.closed_at,
                may_correct=may_correct,
                may_send=centre in writable,
                form=form,
            )
        )
    return threads


def _is_answer(question: Question, side: Side | None) -> bool:
    return side is not None and side != question.asks and question.answered_at is None


def words_form(question: Question, data: Any = None, *, is_answer: bool) -> WordsForm:
    """The form for an answer or a further message."""
    label = _("Answer") if is_answer else _("Message")
    return WordsForm(data, label=label, prefix=f"answer-{question.pk}")
