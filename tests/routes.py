"""The table of who gets what: role × route × method -> status. tests/route_rows/ has its rows."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any
from urllib.parse import urlencode

from django.utils import timezone

from registry.entry.infusions.columns import row_of_stated
from registry.entry.infusions.record import record_infusion
from registry.models import Draft, ImportJob, Infusion, Invitation, Patient, Question, Referral, Token, User
from registry.publishing.publish import publish
from tests import factories

ROLES = ("nobody", "outsider", "reporter", "other", "lead", "steward", "auditor", "administrator")


@dataclass(frozen=True)
class World:
    """What the rows may point at: one infusion of UPP, and things that belong to it or its people."""

    lists: factories.Lists
    users: Mapping[str, User]  # by role, all but nobody; "other" is a reporter of STO
    infusion: Infusion
    patient: Patient
    other_patient: Patient
    draft: Draft
    question: Question
    asked: Question  # by UPP, of the steward
    referral: Referral
    job: ImportJob
    invitation: Invitation
    token: Token


def store_world(lists: factories.Lists) -> World:
    """Someone of each role, one infusion at UPP and one at STO, and a thing of each kind at UPP."""
    uppsala, stockholm = lists.centres["UPP"], lists.centres["STO"]
    users = {
        "outsider": factories.user("outsider"),
        "reporter": factories.user("reporter", uppsala),
        "other": factories.user("other", stockholm),
        "lead": factories.user("lead", uppsala, role="lead"),
        **{name: factories.user(name, national_role=name) for name in ("steward", "auditor", "administrator")},
    }
    User.objects.filter(username="administrator").update(is_staff=True)
    users["administrator"].refresh_from_db()
    infusion = record_infusion(stated=factories.stated(lists), by=users["reporter"])
    other = factories.stated(lists, factories.nth_number(3), centre="STO")
    elsewhere = record_infusion(stated=other, by=users["other"])
    later = timezone.now() + timedelta(days=7)
    world = World(
        lists=lists,
        users=users,
        infusion=infusion,
        patient=infusion.patient,
        other_patient=elsewhere.patient,
        draft=Draft.objects.create(centre=uppsala, fields={"category": "SOC"}, saved_by=users["reporter"]),
        question=Question.objects.create(infusion=infusion, text="Is the date right?", asked_by="steward"),
        asked=Question.objects.create(
            centre=uppsala, text="May we?", asked_by="reporter", asks="clinic", waits_for="steward"
        ),
        referral=_send(lists, uppsala, infusion.patient),
        job=ImportJob.objects.create(
            centre=uppsala, uploaded_by=users["reporter"], state="checked", finished_at=timezone.now()
        ),
        invitation=Invitation.objects.create(
            email="ny@example.org", centre=uppsala, role="reporter", token_digest=b"1", invited_by="lead",
            expires_at=later,
        ),
        token=Token.objects.create(
            owner=users["reporter"], name="R", scope="read", digest=b"1", expires_at=later
        ),
    )  # fmt: skip
    publish()
    return world


def _send(lists, centre, patient) -> Referral:
    """What UPP has sent to the steward, of the person whom it knows."""
    fields = row_of_stated(factories.stated(lists, infused_on="2019-05-06", kind="first", age_at_infusion=49))
    referral = Referral.objects.create(
        centre=centre, code="known_elsewhere", fields=fields, patient=patient, sent_by="reporter"
    )
    Question.objects.create(
        referral=referral, text="Which was first?", asked_by="reporter", asks="clinic", waits_for="steward"
    )
    return referral


@dataclass(frozen=True)
class Row:
    """One route and method: what each role is answered.

    expected: a status for each of ROLES; "signed_in" stands for all but nobody that are not named.
    args: the route's arguments, and data: what is sent (JSON to the API, else a form), both from
    the world; headers likewise.
    """

    name: str
    method: str
    expected: Mapping[str, int]
    args: Callable[[World], Mapping[str, Any]] = lambda world: {}
    data: Callable[[World], Mapping[str, Any]] = lambda world: {}
    headers: Callable[[World], Mapping[str, str]] = lambda world: {}

    def status_of(self, role: str) -> int:
        """What a role is answered; who is signed out gets a form of the clinic back, to send it again."""
        if (role, self.method, self.name.partition(":")[0]) == ("nobody", "POST", "clinic"):
            return 401
        if role in self.expected:
            return self.expected[role]
        return self.expected["signed_in"]

    def request(self, world: World) -> dict[str, Any]:
        """What the test client sends beside method and address."""
        data = self.data(world)
        as_json = self.name.startswith("api:")
        return {
            "data": "" if not data else json.dumps(data) if as_json else urlencode(data, doseq=True),
            "content_type": "application/json" if as_json else "application/x-www-form-urlencoded",
            "headers": {"accept-language": "en"} | dict(self.headers(world)),
        }
