"""What a region runs it with: compose.yaml, its example of settings and nginx's configuration."""

import re

import pytest
import yaml
from django.urls import Resolver404, resolve, reverse

from swecar.local.folder import ROOT
from swecar.postgresql.roles import OF_PROCESS
from swecar.production import EXAMPLES
from swecar.setting_table import ROLES, SETTINGS
from tests import factories
from tests.routes import store_world
from tests.test_routes import ROWS
from tests.test_settings import FINISHED

NAMES = {setting.name for setting in SETTINGS}
SECRET = {setting.name for setting in SETTINGS if setting.secret}
COMPOSE = yaml.safe_load((ROOT / "compose.yaml").read_text(encoding="utf-8"))
SERVICES = COMPOSE["services"]
OURS = {name: service for name, service in SERVICES.items() if service["image"] == "swecar"}
EXAMPLE = (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
NGINX = (ROOT / "deploy" / "nginx.conf").read_text(encoding="utf-8")
LOCATION = re.compile(r"location ~ (\S+) \{\s+proxy_pass http://clinic;")


def test_each_line_of_the_example_is_a_setting_that_is_no_secret_and_is_explained():
    paragraphs = [paragraph.splitlines() for paragraph in EXAMPLE.strip().split("\n\n")]
    told = {}
    for lines in paragraphs[1:]:
        assert lines[0].startswith("# ")
        told |= dict(line.split("=", 1) for line in lines if not line.startswith("#"))
    assert set(told) <= NAMES - SECRET
    assert set(told) >= set(FINISHED)
    assert all(told[name] != EXAMPLES[name] for name in FINISHED if name != "CONTROLLER")


def test_compose_runs_every_role_once_and_nothing_is_set_that_is_no_setting():
    roles = [service["environment"]["APP_ROLE"] for service in OURS.values()]
    assert sorted(roles) == sorted(ROLES)
    for name, service in OURS.items():
        assert service["environment"]["APP_ROLE"] == name
        for variable in service["environment"]:
            assert variable.removesuffix("_FILE") in NAMES
            assert (variable.removesuffix("_FILE") in SECRET) == variable.endswith("_FILE")


@pytest.mark.parametrize("name", SERVICES)
def test_a_service_of_compose_names_only_what_exists_and_has_its_limits(name):
    service = SERVICES[name]
    assert set(service.get("depends_on", {})) <= set(SERVICES)
    assert set(service["networks"]) <= set(COMPOSE["networks"])
    assert set(service["secrets"]) <= set(COMPOSE["secrets"])
    read = set(re.findall(r"/run/secrets/(\w+)", str(service)))
    read |= set(re.findall(r"/run/secrets/(\w+)", NGINX)) if name == "nginx" else set()
    if name == "postgres":
        read |= set(re.findall(r"/run/secrets/(\w+)", (ROOT / "deploy/postgres/roles.sh").read_text()))
    if "APP_ROLE" in service.get("environment", {}):
        role = OF_PROCESS.get(name, "").removeprefix("swecar_")
        assert {one for one in service["secrets"] if "database" in one} == {
            f"{role}_database_url".removeprefix("_")
        }
    assert set(service["secrets"]) == read
    assert {"cpus", "mem_limit", "restart"} <= set(service)
    for volume in service.get("volumes", []):
        source = volume.split(":")[0]
        assert (ROOT / source).exists() if source.startswith(".") else source in COMPOSE["volumes"]


@pytest.mark.parametrize("name", sorted({*SERVICES} - {"postgres"}))
def test_what_faces_a_network_may_write_nowhere_and_has_no_rights(name):
    service = SERVICES[name]
    assert (service["read_only"], service["cap_drop"]) == (True, ["ALL"])


def test_every_secret_of_compose_is_made_or_asked_for():
    made = (ROOT / "deploy" / "make-secrets").read_text(encoding="utf-8")
    kept = {
        *re.search(r"for name in ([\w \\\n]+);", made)[1].replace("\\", "").split(),
        *re.findall(r"\| keep (\w+)$", made, re.MULTILINE),
    }
    assert {*COMPOSE["secrets"]} | {"keeper_secret"} == kept | {"tls_certificate", "tls_key"}  # deploy/keeper.yaml
    for name, secret in COMPOSE["secrets"].items():
        assert secret == {"file": f"secrets/{name}"}


@pytest.mark.django_db
def test_nginx_sends_to_the_clinic_what_the_public_process_does_not_serve():
    patterns = [re.compile(pattern) for pattern in LOCATION.findall(NGINX)]
    assert len(patterns) == 2
    world = store_world(factories.store_lists())
    for row in ROWS:
        with factories.rolled_back():
            address = reverse(row.name, kwargs=dict(row.args(world)))
        for shown in {address, address.rstrip("/") or "/"}:
            if row.name == "api:not-found" or shown.startswith(("/metrics", "/health/")):
                continue
            sent_to_clinic = any(pattern.match(shown) for pattern in patterns)
            assert sent_to_clinic != served_by_public(address), shown


def served_by_public(address: str) -> bool:
    try:
        return resolve(address, urlconf="swecar.public_urls").url_name != "not-found"
    except Resolver404:
        return False
