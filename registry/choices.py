"""Code lists that the rules depend on. Lists that administrators edit are tables (models/)."""

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _

CENTRE_CODE = "[A-Z0-9]{2,12}"  # also part of a URL


class Purpose(TextChoices):
    """What a database is for: real records, or a demonstration's."""

    REGISTRY = "registry"
    DEMONSTRATION = "demonstration"


class Category(TextChoices):
    """Under which arrangement an infusion was given (COUNTING.md, "The words")."""

    SOC = "SOC", _("Standard of care")
    ACT = "ACT", _("Academic clinical trial")
    ICT = "ICT", _("Industry clinical trial")
    CUP = "CUP", _("Compassionate use")


class Kind(TextChoices):
    """The clinic's statement of what an infusion was in the person's course."""

    FIRST = "first", _("First")
    FURTHER_DOSE = "further_dose", _("Further dose")
    REINFUSION = "reinfusion", _("Reinfusion")


class Status(TextChoices):
    """Only a submitted infusion counts."""

    DRAFT = "draft", _("Draft")
    SUBMITTED = "submitted", _("Registered")
    WITHDRAWN = "withdrawn", _("Withdrawn")


class DatePrecision(TextChoices):
    """The precision of a date. The stored date is the first day of its period."""

    DAY = "day", _("Day")
    MONTH = "month", _("Month")
    YEAR = "year", _("Year")


class Sex(TextChoices):
    """The person's legal sex."""

    FEMALE = "female", _("Female")
    MALE = "male", _("Male")
    UNKNOWN = "unknown", _("Unknown")


class Modality(TextChoices):
    """The kind of engineered cell of a product."""

    CAR_T = "CAR-T", "CAR-T"
    TCR_T = "TCR-T", "TCR-T"


class CentreStatus(TextChoices):
    """A centre's status; an upcoming centre has no infusions, a closed centre keeps its infusions."""

    UPCOMING = "upcoming", _("Upcoming")
    ACTIVE = "active", _("Active")
    PAUSED = "paused", _("Paused")
    CLOSED = "closed", _("Closed")


class HealthcareRegion(TextChoices):
    """The healthcare regions (hälso- och sjukvårdsförordningen 2017:80, chapter 3); published by name."""

    NORTHERN = "Norra", "Norra"
    CENTRAL = "Mellansverige", "Mellansverige"
    STOCKHOLM_GOTLAND = "Stockholm–Gotland", "Stockholm–Gotland"
    WESTERN = "Västra", "Västra"
    SOUTH_EASTERN = "Sydöstra", "Sydöstra"
    SOUTHERN = "Södra", "Södra"


class County(TextChoices):
    """The counties by Statistics Sweden's code."""

    STOCKHOLM = "01", "Stockholm"
    UPPSALA = "03", "Uppsala"
    SODERMANLAND = "04", "Södermanland"
    OSTERGOTLAND = "05", "Östergötland"
    JONKOPING = "06", "Jönköping"
    KRONOBERG = "07", "Kronoberg"
    KALMAR = "08", "Kalmar"
    GOTLAND = "09", "Gotland"
    BLEKINGE = "10", "Blekinge"
    SKANE = "12", "Skåne"
    HALLAND = "13", "Halland"
    VASTRA_GOTALAND = "14", "Västra Götaland"
    VARMLAND = "17", "Värmland"
    OREBRO = "18", "Örebro"
    VASTMANLAND = "19", "Västmanland"
    DALARNA = "20", "Dalarna"
    GAVLEBORG = "21", "Gävleborg"
    VASTERNORRLAND = "22", "Västernorrland"
    JAMTLAND = "23", "Jämtland"
    VASTERBOTTEN = "24", "Västerbotten"
    NORRBOTTEN = "25", "Norrbotten"


class ProductOrigin(TextChoices):
    """The legal basis on which a product is used."""

    AUTHORISED = "authorised", _("Authorised in the EU")
    INVESTIGATIONAL = "investigational", _("Investigational")
    HOSPITAL_EXEMPTION = "hospital_exemption", _("Hospital exemption")


class Sponsor(TextChoices):
    """The sponsor of a trial, which decides between ACT and ICT; one of unknown sponsor is no infusion's trial."""

    ACADEMIC = "academic", _("Academic")
    INDUSTRY = "industry", _("Industry")
    UNKNOWN = "unknown", _("Unknown")


class Phase(TextChoices):
    """Trial phases, as trial registers write them."""

    I = "I", "I"  # noqa: E741
    I_II = "I/II", "I/II"
    II = "II", "II"
    II_III = "II/III", "II/III"
    III = "III", "III"
    IV = "IV", "IV"
    UNKNOWN = "unknown", _("Unknown")


class AtmpClass(TextChoices):
    """The class of an advanced therapy medicinal product (ATMP.md, "The words")."""

    IN_VIVO_GTMP = "in_vivo_gtmp", _("Gene therapy in vivo")
    EX_VIVO_GTMP = "ex_vivo_gtmp", _("Gene therapy ex vivo")
    SCTMP = "sctmp", _("Somatic cell therapy")
    TEP = "tep", _("Tissue engineered product")
    COMBINED = "combined", _("Combined ATMP")
    UNKNOWN = "unknown", _("Unknown")


class ManufacturedClass(TextChoices):
    """The class of what a manufacturing site makes: those of trials, and what is no trial's."""

    IN_VIVO_GTMP = "in_vivo_gtmp", _("Gene therapy in vivo")
    EX_VIVO_GTMP = "ex_vivo_gtmp", _("Gene therapy ex vivo")
    SCTMP = "sctmp", _("Somatic cell therapy")
    TEP = "tep", _("Tissue engineered product")
    COMBINED = "combined", _("Combined ATMP")
    VACCINE_PROPHYLACTIC = "vaccine_prophylactic", _("Prophylactic vaccine")
    VACCINE_THERAPEUTIC = "vaccine_therapeutic", _("Therapeutic vaccine")
    OTHER = "other", _("Other")
    UNKNOWN = "unknown", _("Unknown")


class TrialStatus(TextChoices):
    """The status of a trial at a site; of two that begin on one day the later here holds."""

    PLANNED = "planned", _("Planned")
    RECRUITING = "recruiting", _("Recruiting")
    FOLLOW_UP = "follow_up", _("In follow-up")
    CLOSED = "closed", _("Closed")
    WITHDRAWN = "withdrawn", _("Withdrawn, never opened")


class IdentifierType(TextChoices):
    """The type of a patient's identifier."""

    PERSONAL = "personal", _("Personal identity number")
    COORDINATION = "coordination", _("Coordination number")
    RESERVE_NATIONAL = "reserve_national", _("National reserve number")
    RESERVE_STOCKHOLM = "reserve_stockholm", _("Reserve number, Region Stockholm")
    RESERVE_VASTRA_GOTALAND = "reserve_vg", _("Reserve number, Västra Götaland")
    RESERVE_REGIONAL = "reserve_regional", _("Reserve number, another region")
    LOCAL = "local", _("The centre's own pseudonym")


# The numbers that give a date of birth and a sex, the most reliable first.
GIVES_BIRTH_AND_SEX = (IdentifierType.PERSONAL, IdentifierType.COORDINATION)


class CentreRole(TextChoices):
    """A user's role at a centre."""

    REPORTER = "reporter", _("Reporter")
    LEAD = "lead", _("Lead")


class NationalRole(TextChoices):
    """A user's nationwide role."""

    STEWARD = "steward", _("Steward")
    AUDITOR = "auditor", _("Auditor")
    ADMINISTRATOR = "administrator", _("Administrator")


class Outcome(TextChoices):
    """How a run ended."""

    PUBLISHED = "published", _("Published")
    UNCHANGED = "unchanged", _("Nothing to do")
    HELD = "held", _("Held back: too few changes to be published")
    PROOF_FAILED = "proof_failed", _("The recount did not agree, nothing published")
    ALTERED = "altered", _("History or access log were altered")
    FAILED = "failed", _("Failed")
    LOST = "lost", _("Lost: the worker died")
    DONE = "done", _("Done")


FAILURES = (Outcome.PROOF_FAILED, Outcome.ALTERED, Outcome.FAILED, Outcome.LOST)


class Task(TextChoices):
    """The jobs in the run ledger, by Celery task name."""

    PUBLISH = "registry.publish_snapshot", _("Publish")
    VERIFY = "registry.verify_snapshot", _("Verify")
    PRUNE = "registry.prune_facts", _("Prune")
    VERIFY_HISTORY = "registry.verify_history", _("Verify the history")


class NewsMail(TextChoices):
    """How often a user is mailed what is new for them."""

    DAILY = "daily", _("Once a day, at seven in the morning")
    SOON = "soon", _("As it happens, at most every ten minutes")
    NEVER = "never", _("Not at all")


class Sign(TextChoices):
    """What shows that the service is at work (registry.models.last_seen)."""

    BEAT = "beat"
    WORKER = "worker"
    SWEEP = "sweep"
    VERIFY = "verify"
    VERIFY_HISTORY = "verify_history"
    PRUNE = "prune"
    PUBLISH = "publish"
    ALARM_SENT = "alarm_sent"
    ALARM_FAILED = "alarm_failed"


class LinkKind(TextChoices):
    """What a link of a chain of hashes says of rows (registry.models.chain)."""

    ADDED = "added"
    REMOVED = "removed"
    REWRITTEN = "rewritten"  # by a migration


class Scope(TextChoices):
    """What an API token may be used for."""

    READ = "read", _("Read")
    WRITE = "write", _("Read and write")


class AccessAction(TextChoices):
    """Uses of identified data (access log)."""

    READ = "read", _("Read")
    SEARCH = "search", _("Searched by identifier")
    RECORD = "record", _("Registered an infusion")
    CORRECT = "correct", _("Corrected")
    WITHDRAW = "withdraw", _("Withdrew")
    IMPORT = "import", _("Imported")
    EXPORT = "export", _("Exported")
    MERGE = "merge", _("Merged")
    MOVE = "move", _("Moved to another centre")
    ERASE = "erase", _("Erased")
    READ_LOG = "read_log", _("Read the access log")
    EXTRACT = "extract", _("Took a patient's extract of the access log")


class Side(TextChoices):
    """The sides of a question."""

    CLINIC = "clinic", _("The clinic")
    STEWARD = "steward", _("The registry's steward")


class ReferralState(TextChoices):
    """The state of a referral to the registry's steward."""

    OPEN = "open", _("Sent to the steward, waiting")
    RELEASED = "released", _("Settled and stored")
    DECLINED = "declined", _("Settled, not stored")
    TAKEN_BACK = "taken_back", _("Taken back")
    EXPIRED = "expired", _("Not settled in time, erased")


class ImportState(TextChoices):
    """The state of an uploaded file."""

    QUEUED = "queued", _("Waiting")
    RUNNING = "running", _("Working")
    CHECKED = "checked", _("Checked, nothing stored")
    REFUSED = "refused", _("Refused, nothing stored")
    STORED = "stored", _("Stored")
    FAILED = "failed", _("Failed, nothing stored")
