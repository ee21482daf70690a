"""A process with another key under the same name registers nobody twice: it is refused, at its start and later."""

import os
import subprocess
import sys

import pytest
from django.core.management import CommandError, call_command

from registry.entry.patients.key_in_use import (
    IdentityKeyWrong,
    check_identity_keys_at_start,
    find_fault_of_keys,
)
from registry.entry.patients.rekeying import rekey
from registry.models import IdentityKeyInUse, Patient
from registry.publishing.publish import publish
from swecar.local.folder import ROOT
from swecar.local.ports import find_free_port
from tests import factories
from tests.rekeying import write_keys
from tests.test_identity import put_in_front
from tests.test_rekeying import AGAIN, MAN, OTHER, WOMAN
from tests.working import database_url


def replace_secret(settings, name: str) -> None:
    """Another key under the same id, as after a restore with the wrong copy."""
    settings.IDENTITY_KEYS = {
        key: b"?" * 32 if key == name else secret for key, secret in settings.IDENTITY_KEYS.items()
    }


def test_another_key_of_the_same_name_finds_and_registers_nobody(lists, settings):
    put_in_front(settings, "2025", "2024")
    factories.record(lists, WOMAN)
    right = settings.IDENTITY_KEYS
    replace_secret(settings, "2025")
    for number in (WOMAN, MAN):
        with pytest.raises(IdentityKeyWrong):
            factories.record(lists, number, **AGAIN)
    with pytest.raises(IdentityKeyWrong):
        rekey()
    assert Patient.objects.count() == 1
    settings.IDENTITY_KEYS = right
    factories.record(lists, WOMAN, **AGAIN)
    assert Patient.objects.count() == 1


def test_it_is_told_before_the_process_begins(lists, settings, capsys):
    assert find_fault_of_keys() == ""  # nobody is stored yet
    put_in_front(settings, "2025", "2024")
    factories.record(lists, WOMAN)
    assert find_fault_of_keys() == ""
    publish()
    call_command("verify")
    put_in_front(settings, "2024")
    assert "2025, which IDENTITY_KEYS lacks" in find_fault_of_keys()
    put_in_front(settings, "2025", "2024")
    replace_secret(settings, "2025")
    assert "another identity key 2025" in find_fault_of_keys()
    with pytest.raises(CommandError, match="another identity key 2025") as refused:
        call_command("verify")
    assert refused.value.returncode == 3


@pytest.mark.django_db(transaction=True)
def test_a_process_with_it_ends_with_that_sentence(committed_lists, settings):
    put_in_front(settings, "2024")
    factories.record(committed_lists, WOMAN)
    check_identity_keys_at_start()
    replace_secret(settings, "2024")
    with pytest.raises(SystemExit, match="another identity key 2024"):
        check_identity_keys_at_start()


@pytest.mark.parametrize("role", ["clinic", "worker"])
@pytest.mark.django_db(transaction=True)
def test_so_does_the_image_in_each_role_that_looks_up(committed_lists, settings, role):
    put_in_front(settings, "2024")
    factories.record(committed_lists, WOMAN)
    variables = {
        "APP_ROLE": role, "DATABASE_URL": database_url(), "PORT": str(find_free_port()),
        "IDENTITY_KEYS": write_keys({"2024": b"?" * 32}),
    }  # fmt: skip
    told = subprocess.run(
        [sys.executable, "-m", "swecar.start"],
        cwd=ROOT, env=os.environ | variables, capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip
    assert told.returncode != 0
    assert "another identity key 2024" in told.stderr


def test_a_newer_key_gets_a_mark_of_its_own_and_an_older_wrong_one_is_found_before(lists, settings):
    put_in_front(settings, "2024")
    factories.record(lists, WOMAN)
    first = bytes(IdentityKeyInUse.objects.get().mark)
    put_in_front(settings, "2025", "2024")
    replace_secret(settings, "2024")
    with pytest.raises(IdentityKeyWrong):  # by the old one, through which persons of before are found
        factories.record(lists, MAN)
    put_in_front(settings, "2025", "2024")
    factories.record(lists, MAN)
    assert bytes(IdentityKeyInUse.objects.get().mark) != first
    assert find_fault_of_keys() == ""
    assert rekey() == []
    put_in_front(settings, "2025")  # the old one destroyed
    assert find_fault_of_keys() == ""


def test_a_database_from_before_there_were_marks_gets_one_by_the_first_look_up(lists, settings):
    put_in_front(settings, "2024")
    factories.record(lists, WOMAN)
    IdentityKeyInUse.objects.update(mark=None)
    assert find_fault_of_keys() == ""
    factories.record(lists, OTHER)
    replace_secret(settings, "2024")
    with pytest.raises(IdentityKeyWrong):
        factories.record(lists, MAN)
