"""Errors with a stable code for programs and a sentence for people."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, gettext_noop, ngettext

from registry.choices import Purpose


@dataclass(frozen=True)
class Problem:
    """An error in a field, or a warning."""

    field: str
    code: str
    sentence: str
    warning: bool = False


class RegistryError(Exception):
    """A refusal; nothing was stored.

    code: stable, for programs. sentence: for people, unless another is given.
    """

    code = "refused"
    sentence = "The registry refuses this."

    def __init__(self, sentence: str = "", *, code: str = ""):
        super().__init__(sentence or gettext_lazy(self.sentence))
        self.code = code or self.code


class InfusionRefused(RegistryError):
    sentence = "The infusion breaks one or more rules."
    code = "infusion_refused"

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = tuple(problems)
        self.code = self.problems[0].code


class TrialsRefused(RegistryError):
    sentence = "What is stated of trials breaks one or more rules."
    code = "trials_refused"

    def __init__(self, problems: Sequence[Problem]):
        super().__init__(" ".join(problem.sentence for problem in problems))
        self.problems = tuple(problems)
        self.code = self.problems[0].code


class KindUnclear(InfusionRefused):
    sentence = "What this infusion is to the person's others is not clear: say its kind."
    code = "kind_unclear"


class KnownElsewhere(InfusionRefused):
    sentence = "This person is in the registry at another centre."
    code = "known_elsewhere"

    def __init__(self) -> None:
        sentence = _(
            "This person is in the registry at another centre; the registry's steward must settle the order."
        )
        super().__init__([Problem("kind", type(self).code, sentence)])


class NotPermitted(RegistryError):
    sentence = gettext_noop("You may not do this.")
    code = "not_permitted"


class NotFound(RegistryError):
    sentence = gettext_noop("There is no such record.")
    code = "not_found"


class ChangedMeanwhile(RegistryError):
    sentence = gettext_noop("Someone else has changed this infusion since you opened it: nothing was stored.")
    code = "changed_meanwhile"


class MergeImpossible(RegistryError):
    sentence = "The two persons cannot be merged as they stand."
    code = "merge_impossible"


class Busy(RegistryError):
    sentence = gettext_noop(
        "Another change is being stored, perhaps an import: nothing was stored. Try again in a minute."
    )
    code = "busy"
    seconds = 60  # after which it may be otherwise


class DatabaseDown(RegistryError):
    sentence = gettext_noop("The database cannot respond just now. Try again in a minute.")
    code = "database_down"


class DatabaseBusy(RegistryError):
    """A lock, a statement or a connection was waited for as long as a request may wait."""

    sentence = gettext_noop("The database is busy and did not answer in time. Try again in a minute.")
    code = "database_busy"


class DatabaseFull(RegistryError):
    sentence = gettext_noop("The database has no room left, so this cannot be done just now. Try again later.")
    code = "database_full"


class DatabaseReadOnly(RegistryError):
    sentence = gettext_noop(
        "The database is not accepting changes just now, for example because another server is taking over. "
        "Try again in a minute."
    )
    code = "database_read_only"


class StorageFull(RegistryError):
    """The web server's own disk."""

    sentence = gettext_noop("The server has no room for files just now. Try again in a minute.")
    code = "storage_full"


class ClinicDown(RegistryError):
    """In the demonstration, whose public process passes on what the clinic's serves."""

    sentence = gettext_noop("The signed-in pages are not responding just now. Try again in a minute.")
    code = "clinic_down"


class WrongPurpose(RegistryError):
    """The database is not what the process is set up for."""

    sentence = gettext_noop(
        "This database holds the made-up records of a demonstration, so nothing in it is shown, stored or "
        "published as real. Connect the registry's own database; only a demonstration is run with DEMONSTRATION=1."
    )
    of_registry = gettext_noop(
        "This database holds, or has held, real records, so it cannot be used for a demonstration. Run the "
        "registry without DEMONSTRATION, and a demonstration on a database of its own."
    )
    code = "wrong_database"

    def __init__(self, stated: Purpose):
        if stated == Purpose.REGISTRY:
            self.sentence = self.of_registry
        super().__init__()


class TooManyLookups(RegistryError):
    sentence = "You have looked up as many persons who are not your centre's patients as an hour allows."
    code = "too_many_lookups"

    def __init__(self, seconds: int):
        minutes = -(-seconds // 60)
        super().__init__(
            ngettext(
                "You have reached the hourly limit for looking up persons who are not your centre's patients. "
                "Try again in %d minute.",
                "You have reached the hourly limit for looking up persons who are not your centre's patients. "
                "Try again in %d minutes.",
                minutes,
            )
            % minutes
        )
        self.seconds = seconds  # until the budget has room


class TooManyRequests(RegistryError):
    """headers tell a client what its rate is, and when there is more."""

    sentence = gettext_noop("Too many requests.")
    code = "too_many_requests"

    def __init__(self, sentence: str = "", *, headers: Mapping[str, str]):
        super().__init__(sentence)
        self.headers = headers


class FileUnusable(RegistryError):
    sentence = "The file cannot be read as an exchange file."
    code = "file_unusable"


class FileTooLarge(FileUnusable):
    sentence = gettext_noop("The file is larger than 10 MB: divide it.")
    code = "file_too_large"


class ProofFailed(RegistryError):
    sentence = "The numbers do not agree with the independent recount; nothing was published."
    code = "proof_failed"

    def __init__(self, differences: Sequence["Difference"]):
        lines = [str(difference) for difference in differences]
        super().__init__("\n".join(lines))
        self.differences = tuple(differences)


class HistoryAltered(RegistryError):
    sentence = "History or access log are not as they were written."
    code = "history_altered"

    def __init__(self, findings: Sequence[str]):
        super().__init__("\n".join(findings))
        self.findings = tuple(findings)


class NotPublished(RegistryError):
    sentence = gettext_noop("No snapshot has been published yet.")
    code = "no_snapshot"


class Withheld(RegistryError):
    sentence = gettext_noop("The policy on small numbers does not allow this to be shown.")
    code = "withheld_by_policy"


class FactsNotKept(RegistryError):
    sentence = gettext_noop(
        "Only the current snapshot can be counted up to a day: the facts of older ones are not kept."
    )
    code = "as_of_needs_current"


class DateInFuture(RegistryError):
    sentence = gettext_noop("That day has not come yet: choose today or an earlier date.")
    code = "date_in_future"


class ReasonMissing(RegistryError):
    sentence = gettext_noop("Say why: the reason is shown in the history.")
    code = "reason_missing"


class IdentifierInText(RegistryError):
    sentence = gettext_noop("The text holds an identity number, which the registry does not store: leave it out.")
    code = "identifier_in_text"


class InvitationUnusable(RegistryError):
    sentence = gettext_noop(
        "This invitation cannot be used: it is wrong, already used or expired. Ask for a new one."
    )
    code = "invitation_unusable"


class UsernameTaken(RegistryError):
    sentence = gettext_noop("There is already an account with this user name.")
    code = "username_taken"


class CommissionUnknown(RegistryError):
    sentence = gettext_noop("The commission that you chose belongs to no centre of the registry.")
    code = "commission_unknown"


class AssuranceTooLow(RegistryError):
    sentence = gettext_noop("The registry needs a sign-in of a higher assurance level than this one.")
    code = "assurance_too_low"


@dataclass(frozen=True)
class Difference:
    """A number on which the two ways of counting disagree."""

    cell: str
    measure: str
    published: object = field(default=None)
    recounted: object = field(default=None)

    def __str__(self) -> str:
        return f"{self.cell}, {self.measure}: {self.published} published, {self.recounted} recounted"
