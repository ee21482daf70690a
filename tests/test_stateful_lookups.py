"""Any sequence of questions by page, interface and file, beside a model of the budget and of the log."""

from collections import Counter
from datetime import timedelta
from uuid import UUID

from django.db import transaction
from django.db.models import F
from django.test import Client
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule, run_state_machine_as_test

from registry.entry.importing import job as import_job
from registry.entry.importing.job import run_import
from registry.entry.patients.lookup_budget import forget_lookups
from registry.models import AccessLog, Lookup
from tests import factories
from tests.calling import Program
from tests.desk import address, sign_in
from tests.test_import import ROW, as_csv

FORM = {
    "centre": "UPP", "category": "SOC", "product": "Kymriah", "indication": "C91.0", "infused_on": "2020-05-05",
    "kind": "further_dose", "sequence": "1",
}  # fmt: skip
BUDGET, BUDGET_OF_FILES, MINUTES = 3, 5, 60
NUMBERS = [factories.nth_number(place) for place in range(9)]
PERSONS = st.integers(0, len(NUMBERS) - 1)
USERS = st.sampled_from(["nurse", "doctor"])
WAYS = ("check", "submit", "draft", "typing", "search", "interface", "again")
WAYS_TRIED = (*WAYS, "file")
FEWEST_WAYS = 5  # which ones is chance; test_lookups.py has each of them


class Questions(RuleBasedStateMachine):
    """Two users of Uppsala; persons whom Uppsala knows, Stockholm knows, or nobody."""

    lists: factories.Lists
    done: Counter

    def __init__(self):
        super().__init__()
        self.savepoint = transaction.atomic()
        self.savepoint.__enter__()
        users = {name: factories.user(name, self.lists.centres["UPP"]) for name in ("nurse", "doctor")}
        self.pages: dict[str, Client] = {name: sign_in(user) for name, user in users.items()}
        self.programs = {name: Program(user) for name, user in users.items()}
        self.known: dict[int, int] = {}  # registry numbers by person
        self.own: set[int] = set()
        self.minute = 0
        self.counted: list[tuple] = []  # (user, person, in a file, minute)
        self.log: Counter = Counter()  # (user, registry number or None)
        self.sent = 0

    def teardown(self):
        transaction.set_rollback(True)
        self.savepoint.__exit__(None, None, None)

    # The model.

    def spent(self, user: str, *, in_file: bool) -> int:
        return sum(one[0] == user and one[2] == in_file and self.is_recent(one) for one in self.counted)

    def is_recent(self, one: tuple) -> bool:
        return self.minute - one[3] < MINUTES

    def pay(self, user: str, persons: set[int], *, in_file: bool) -> bool:
        """Whether the question is answered; it then counts those who are asked for anew."""
        asked = {one[1] for one in self.counted if one[0] == user and self.is_recent(one)}
        new = persons - self.own - asked
        most = BUDGET_OF_FILES if in_file else BUDGET
        if new and self.spent(user, in_file=in_file) + len(new) > most:
            self.log[user, None] += 1
            return False
        self.counted += [(user, person, in_file, self.minute) for person in new]
        self.log.update((user, self.known.get(person)) for person in persons)
        return True

    # What is done, and what must come of it.

    @rule(user=USERS, person=PERSONS, way=st.sampled_from(WAYS))
    def ask(self, user, person, way):
        number, page = NUMBERS[person], self.pages[user]
        typed = FORM | {"patient_id": number}
        answered = self.pay(user, {person}, in_file=False)
        match way:
            case "interface":
                # Unreadable beside the number: nothing else is asked, and it is a question all the same.
                answer = self.programs[user].enter(patient_id=number, product="Aspirin")
            case "again":
                self.sent += 1
                key = {"idempotency_key": f"key-{self.sent}"}
                answer = self.programs[user].enter(key, patient_id=number, infused_on="2999-01-01")
            case "search":
                answer = page.post(address("infusions"), {"who": number})
            case "typing":
                answer = page.post(address("record-person"), typed)
            case _:
                answer = page.post(address("record"), typed | {"infused_on": "2999-01-01", "do": way})
        # A draft is kept without the person.
        assert (answer.status_code == 429) == (not answered and way != "draft"), (way, answer.content)
        if answer.status_code == 429:
            assert 0 < int(answer["Retry-After"]) <= 3600
        self.done[way, answered] += 1

    @rule(user=USERS, persons=st.sets(PERSONS, min_size=1, max_size=4), refused=st.booleans())
    def send_file(self, user, persons, refused):
        wrong = {"product": "Aspirin"} if refused else {"kind": "reinfusion", "infused_on": "2021-06-06"}
        rows = [
            ROW | {"patient_id": NUMBERS[person], "age_at_infusion": "", "sex": ""} | wrong for person in persons
        ]
        answered = self.pay(user, persons, in_file=True)
        job = self.programs[user].upload(as_csv(rows), dry_run="true").json()
        run_import(UUID(job["id"]), language="en")
        factories.drop_import_tables()
        told = self.programs[user].get(f"imports/{job['id']}").json()
        assert ("more persons" in told["message"]) == (not answered)
        if not answered:
            assert (told["state"], told["stored"], told["refused"]) == ("refused", 0, 0)
        self.done["file", answered] += 1

    @rule(person=PERSONS, here=st.booleans())
    def register(self, person, here):
        if person not in self.known:
            infusion = factories.record(self.lists, NUMBERS[person], centre="UPP" if here else "STO")
            self.known[person] = infusion.patient.registry_number
            self.own |= {person} if here else set()

    @rule(minutes=st.sampled_from([7, 21, 56, 63]))
    def wait(self, minutes):
        self.minute += minutes
        Lookup.objects.update(at=F("at") - timedelta(minutes=minutes))
        if minutes > 21:
            forget_lookups()

    @invariant()
    def the_log_has_every_question_and_no_other(self):
        lines = AccessLog.objects.filter(action="search").values_list("actor", "patient")
        assert Counter(lines) == self.log

    @invariant()
    def nobody_has_more_than_the_budget(self):
        for user in self.pages:
            for in_file, most in ((False, BUDGET), (True, BUDGET_OF_FILES)):
                stored = Lookup.objects.filter(user__username=user, by_import=in_file, refused=False)
                recent = stored.exclude(token=None).count()
                assert self.spent(user, in_file=in_file) <= most
                assert recent >= self.spent(user, in_file=in_file)


def test_any_mixture_of_questions_costs_what_the_model_says(lists, settings, monkeypatch):
    settings.LOOKUPS_PER_HOUR, settings.LOOKUPS_PER_HOUR_IMPORT = BUDGET, BUDGET_OF_FILES
    monkeypatch.setattr(import_job, "send", lambda *message: None)
    done = Counter()

    class Machine(Questions):
        pass

    Machine.lists, Machine.done = lists, done
    examples = max(5, hypothesis_settings.default.max_examples // 4)
    run_state_machine_as_test(Machine, settings=hypothesis_settings(max_examples=examples, stateful_step_count=25))
    both = [way for way in WAYS_TRIED if done[way, True] and done[way, False]]
    assert "file" in both and len(both) >= FEWEST_WAYS, f"tried both with room and without: {both}"
