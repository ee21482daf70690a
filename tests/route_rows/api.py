"""The interface, what looks after the service, and the public page."""

from tests import factories
from tests.routes import Row, World
from tests.watching import TOKEN

ALL_200 = {"nobody": 200, "signed_in": 200}
ALL_404 = {"nobody": 404, "signed_in": 404}
ALL_405 = {"nobody": 405, "signed_in": 405}
SIGNED_IN = {"nobody": 401, "signed_in": 200}
METHODS = {"nobody": 401, "signed_in": 405}
ENTERS = ("reporter", "lead", "administrator")
READS = {"nobody": 401, "signed_in": 404, **dict.fromkeys((*ENTERS, "steward"), 200)}
# Whoever may see a row and not change it is told so; for the rest there is none.
CHANGES = {"nobody": 401, "signed_in": 404, "steward": 403, **dict.fromkeys(ENTERS, 200)}
CREATES = {"nobody": 401, "signed_in": 403, "other": 400, **dict.fromkeys(ENTERS, 201)}
LISTS = {"nobody": 401, "signed_in": 403, **dict.fromkeys((*ENTERS, "other", "steward"), 200)}
WRITES = {"nobody": 401, "signed_in": 404, **dict.fromkeys((*ENTERS, "steward"), 201)}
UPLOADS = {"nobody": 401, "signed_in": 403, **dict.fromkeys((*ENTERS, "other"), 415)}
MINE = {"nobody": 401, "signed_in": 404, "reporter": 200}
NEW = {
    "centre": "UPP", "patient_id": factories.nth_number(7), "category": "SOC", "product": "Kymriah",
    "infused_on": "2021-03-02",
}  # fmt: skip
TRUST = (
    "counting",
    "reconciliation",
    "freshness",
    "sharing",
    "accessibility",
    "privacy",
    "embed",
    "embedding",
    "explore",
    "compare",
    "atmp",
)
PUBLIC = (
    "map", "counts", "atmp-trials", "atmp-counts", "atmp-exemption", "atmp-manufacturing",
    "centres", "categories", "products", "indications", "trials", "measures", "snapshots",
    "status", "config", "api-info", "schema", "docs", "catalogue", "measure-reports",
)  # fmt: skip


def infusion(world: World) -> dict:
    return {"infusion_id": world.infusion.pk}


def made_up(world: World) -> dict:
    return {"infusion_id": "00000000-0000-4000-8000-000000000000"}


def seen(world: World) -> dict:
    version = type(world.infusion).objects.with_version().get(pk=world.infusion.pk).version
    return {"if-match": f'"{version}"'}


def asked(world: World) -> dict:
    return {"question_id": world.asked.pk}


def job(world: World) -> dict:
    return {"job_id": world.job.pk}


def token(world: World) -> dict:
    return {"token_id": world.token.pk}


def ending(world: World) -> dict:
    return {"ending": "csv"}


def rdf(world: World) -> dict:
    return {"ending": "rdf"}


def centre_report(world: World) -> dict:
    return {"code": "UPP"}


def release(world: World) -> dict:
    return {"name": "none"}


def card(world: World) -> dict:
    return {"ending": "svg"}


def release_card(world: World) -> dict:
    return release(world) | card(world)


def release_file(world: World) -> dict:
    return {"release": "none", "name": "none.csv"}


def snapshot(world: World) -> dict:
    return {"number": 1}


def watching(world: World) -> dict:
    return TOKEN


def reason(world: World) -> dict:
    return {"reason": "Recorded twice"}


ROWS = [
    Row("map-sv", "GET", ALL_200),
    Row("map-en", "GET", ALL_200),
    Row("api:map-file", "GET", ALL_200, ending),
    Row("api:counts-file", "GET", ALL_200, ending),
    *(Row(f"api:atmp-{name}-file", "GET", ALL_200, ending)
      for name in ("trials", "counts", "exemption", "manufacturing")),
    Row("api:catalogue-file", "GET", ALL_200, rdf),
    Row("api:measure-report", "GET", ALL_200, centre_report),
    Row("api:releases", "GET", ALL_200),
    Row("api:release", "GET", ALL_404, release),
    Row("api:release-changes", "GET", ALL_404, release),
    *(Row(f"releases{what}-{language}", "GET", ALL_200) for what in ("", "-feed") for language in ("sv", "en")),
    *(Row(f"release-{language}", "GET", ALL_404, release) for language in ("sv", "en")),
    Row("release-file", "GET", ALL_404, release_file),
    *(Row(f"card-{language}", "GET", ALL_200, card) for language in ("sv", "en")),
    *(Row(f"release-card-{language}", "GET", ALL_404, release_card) for language in ("sv", "en")),
    *(Row(f"{name}-{language}", "GET", ALL_200) for name in TRUST for language in ("sv", "en")),
    Row("robots", "GET", ALL_200),
    Row("api-info", "GET", ALL_200),
    Row("sitemap", "GET", ALL_200),
    Row("live", "GET", ALL_200),
    Row("ready", "GET", ALL_200),
    # Whoever is signed in: only the token of MONITORING_TOKEN opens these.
    Row("deep", "GET", ALL_404),
    Row("deep", "GET", ALL_200, headers=watching),
    Row("metrics", "GET", ALL_404),
    Row("metrics", "GET", ALL_200, headers=watching),
    Row("metrics", "POST", ALL_405),
    *(Row(f"api:{name}", "GET", ALL_200) for name in PUBLIC),
    *(Row(f"api:{name}", "POST", ALL_405) for name in PUBLIC),
    Row("api:snapshot", "GET", ALL_200, args=snapshot),
    Row("api:snapshot", "POST", ALL_405, args=snapshot),
    Row("api:changes", "GET", {"nobody": 400, "signed_in": 400}, args=snapshot),  # since what
    Row("api:changes", "POST", ALL_405, args=snapshot),
    Row("api:not-found", "GET", ALL_404),
    Row("api:not-found", "POST", ALL_404),
    Row("api:me", "GET", SIGNED_IN),
    Row("api:me", "POST", METHODS),
    Row("api:infusions", "GET", SIGNED_IN),
    # Uppsala is as unknown to a reporter of Stockholm as a centre that there is not.
    Row("api:infusions", "POST", CREATES, data=lambda world: NEW),
    Row("api:infusions", "PUT", METHODS),
    # Nothing in the world is for the steward to settle.
    Row("api:referrals", "POST", CREATES | dict.fromkeys(ENTERS, 409), data=lambda world: NEW),
    Row("api:referrals", "GET", METHODS),
    Row("api:referral", "GET", READS, args=lambda world: {"referral_id": world.referral.pk}),
    Row("api:referral", "POST", METHODS, args=lambda world: {"referral_id": world.referral.pk}),
    Row("api:referral", "DELETE", CHANGES | dict.fromkeys(ENTERS, 204),
        args=lambda world: {"referral_id": world.referral.pk}),
    # An auditor sees no records; a reporter elsewhere sees an empty list.
    Row("api:questions", "GET", LISTS),
    Row("api:questions", "POST", CREATES, data=lambda world: {"infusion": str(world.infusion.pk), "text": "Why?"}),
    Row("api:questions", "DELETE", METHODS),
    Row("api:question", "GET", READS, args=asked),
    Row("api:question", "PATCH", METHODS, args=asked),
    Row("api:question-messages", "POST", WRITES, args=asked, data=lambda world: {"text": "Because."}),
    Row("api:question-messages", "GET", METHODS, args=asked),
    # The side that asked closes; the steward's side did not.
    Row("api:question-close", "POST", READS | {"steward": 404}, args=asked),
    Row("api:question-close", "GET", METHODS, args=asked),
    Row("api:infusion", "GET", READS, args=infusion),
    Row("api:infusion", "GET", {"nobody": 401, "signed_in": 404}, args=made_up),
    Row("api:infusion", "PATCH", CHANGES, args=infusion, headers=seen,
        data=lambda world: reason(world) | {"batch": "B"}),
    Row("api:infusion", "DELETE", CHANGES | dict.fromkeys(ENTERS, 204), args=infusion, headers=seen, data=reason),
    Row("api:infusion", "PUT", METHODS, args=infusion),
    Row("api:infusion-history", "GET", READS, args=infusion),
    Row("api:infusion-history", "POST", METHODS, args=infusion),
    Row("api:imports", "GET", METHODS),
    Row("api:imports", "POST", UPLOADS, data=lambda world: NEW),  # JSON, where a file is asked for
    Row("api:import", "GET", MINE, args=job),
    Row("api:import", "DELETE", METHODS, args=job),
    Row("clinic:sign-ins", "GET", {"nobody": 302, "signed_in": 200}),
    Row("clinic:sign-ins", "POST", {"nobody": 302, "signed_in": 405}),
    Row("clinic:news-mail", "GET", {"nobody": 302, "signed_in": 200}),
    Row("clinic:news-mail", "POST", {"nobody": 302, "signed_in": 302}, data=lambda world: {"news_mail": "never"}),
    Row("clinic:session", "GET", {"nobody": 401, "signed_in": 200}),
    Row("clinic:session", "POST", {"nobody": 401, "signed_in": 200}),
    Row("clinic:tokens", "GET", {"nobody": 302, "signed_in": 200}),
    Row("clinic:tokens", "POST", {"nobody": 302, "signed_in": 200},
        data=lambda world: {"name": "R", "scope": "read", "days": "30"}),
    Row("clinic:token-revoke", "GET", {"nobody": 302, "signed_in": 405}, args=token),
    Row(
        "clinic:token-revoke", "POST",
        {"nobody": 302, "signed_in": 404, "reporter": 302, "lead": 302, "administrator": 302}, args=token,
    ),
]  # fmt: skip
