"""The manifests of deploy/kubernetes: every role once, with probes that are served and names that exist."""

import shutil
import subprocess

import pytest
import yaml

from swecar.local.folder import ROOT
from swecar.postgresql.roles import OF_PROCESS
from swecar.setting_rules import LOOK_UP
from swecar.setting_table import ROLES, SETTINGS

FOLDER = ROOT / "deploy" / "kubernetes"
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))
OBJECTS = [
    found
    for name in KUSTOMIZATION["resources"]
    for found in yaml.safe_load_all((FOLDER / name).read_text(encoding="utf-8"))
]
COMMON, IDENTITY = (
    yaml.safe_load((FOLDER / name).read_text(encoding="utf-8"))["spec"]["template"]["spec"]
    for name in ("common.yaml", "identity.yaml")
)
RUNNING = {found["metadata"]["name"]: found for found in OBJECTS if found["kind"] in {"Deployment", "Job"}}
NAMES = {setting.name for setting in SETTINGS}
SECRET = {setting.name for setting in SETTINGS if setting.secret}
LABEL = "app.kubernetes.io/name"


def of_kind(kind: str) -> dict[str, dict]:
    return {found["metadata"]["name"]: found["spec"] for found in OBJECTS if found["kind"] == kind}


def pod_of(name: str) -> dict:
    return RUNNING[name]["spec"]["template"]["spec"]


def container_of(name: str) -> dict:
    (container,) = pod_of(name)["containers"]
    return container


def test_each_file_is_used_and_each_role_runs_once():
    used = {*KUSTOMIZATION["resources"], "common.yaml", "identity.yaml", "kustomization.yaml", "settings.env"}
    assert {path.name for path in FOLDER.iterdir()} == used
    common, identity = [
        [patch["target"] for patch in KUSTOMIZATION["patches"] if patch["path"] == path]
        for path in ("common.yaml", "identity.yaml")
    ]
    assert len(common) + len(identity) == len(KUSTOMIZATION["patches"])
    assert common == [{"kind": kind} for kind in ("Deployment", "Job")]
    assert {one["kind"] for one in RUNNING.values()} == {"Deployment", "Job"}
    assert identity == [{"kind": "Deployment", "name": "|".join(LOOK_UP)}]
    assert sorted(RUNNING) == sorted(ROLES)
    for name, found in RUNNING.items():
        assert container_of(name)["env"] == [{"name": "APP_ROLE", "value": name}]
        (volume,) = pod_of(name)["volumes"]
        role = OF_PROCESS.get(name, "owner").removeprefix("swecar_")
        assert (volume["name"], volume["secret"]["secretName"]) == ("database", f"database-{role}")
        assert container_of(name)["name"] == COMMON["containers"][0]["name"]  # or the patch would add another
        assert found["spec"]["template"]["metadata"]["labels"] == {LABEL: name}


def test_settings_and_secrets_are_settings():
    lines = (FOLDER / "settings.env").read_text(encoding="utf-8").splitlines()
    plain = {line.partition("=")[0] for line in lines if line and not line.startswith("#")}
    assert plain <= NAMES - SECRET
    example = (ROOT / "deploy" / "env.example").read_text(encoding="utf-8")
    assert lines[2:] == example.splitlines()[3:]
    made = (ROOT / "deploy" / "make-secrets").read_text(encoding="utf-8")
    given = {one["name"]: one["value"] for one in COMMON["containers"][0]["env"]}
    keys = {one["name"]: one["value"] for one in IDENTITY["containers"][0]["env"]}
    assert keys.keys() == {"IDENTITY_KEYS_FILE"}
    assert not keys.keys() & given.keys()
    for variable, path in (given | keys).items():
        assert variable.removesuffix("_FILE") in SECRET
        assert path.rpartition("/")[2] in made


@pytest.mark.parametrize("name", sorted({*ROLES} - {"migrate"}))
def test_probes_ask_what_answers(name):
    container = container_of(name)
    probes = {key: probe for key, probe in container.items() if key.endswith("Probe")}
    if name in {"clinic", "public"}:
        assert container["ports"] == [{"name": "http", "containerPort": 8000}]
        assert set(probes) == {"startupProbe", "livenessProbe", "readinessProbe"}
        commands = {key: probe["exec"]["command"] for key, probe in probes.items()}
        assert commands["readinessProbe"] == ["python", "-I", "swecar/alive.py", "ready"]
        assert commands["livenessProbe"] == commands["startupProbe"] == ["python", "-I", "swecar/alive.py"]
    else:
        assert set(probes) == {"startupProbe", "livenessProbe"}
        for probe in probes.values():
            assert probe["exec"]["command"] == ["python", "-I", "swecar/alive.py"]


@pytest.mark.parametrize("name", ROLES)
def test_each_has_limits_and_time_to_end(name):
    resources = container_of(name)["resources"]
    assert set(resources["limits"]) == set(resources["requests"]) == {"cpu", "memory"}
    assert name != "worker" or pod_of(name)["terminationGracePeriodSeconds"] >= 120


def test_nothing_runs_with_rights_or_writes_but_where_it_may():
    security = COMMON["containers"][0]["securityContext"]
    assert security == {
        "readOnlyRootFilesystem": True, "allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]},
    }  # fmt: skip
    assert (COMMON["securityContext"]["runAsNonRoot"], COMMON["securityContext"]["runAsUser"]) == (True, 10001)
    assert {mount["name"] for mount in COMMON["containers"][0]["volumeMounts"]} == {
        "database",  # each deployment's own
        *(volume["name"] for volume in COMMON["volumes"]),
    }


def test_a_scheduler_has_a_second_one_and_what_grows_grows():
    assert RUNNING["beat"]["spec"]["replicas"] == 2
    scaled = of_kind("HorizontalPodAutoscaler")
    assert set(scaled) == {"public", "worker"}
    for name, spec in scaled.items():
        assert spec["scaleTargetRef"] == {"apiVersion": "apps/v1", "kind": "Deployment", "name": name}
        assert "replicas" not in RUNNING[name]["spec"]  # or each apply would undo what the autoscaler did
        assert 2 <= spec["minReplicas"] < spec["maxReplicas"]


def test_selectors_select_what_runs():
    for name in RUNNING.keys() - {"migrate"}:
        assert RUNNING[name]["spec"]["selector"]["matchLabels"] == {LABEL: name}
    assert set(of_kind("PodDisruptionBudget")) == {"clinic", "public", "worker"}
    for name, spec in of_kind("PodDisruptionBudget").items():
        assert spec["selector"]["matchLabels"] == {LABEL: name}
    assert set(of_kind("Service")) == {"clinic", "public"}
    for name, spec in of_kind("Service").items():
        assert (spec["selector"], spec["ports"][0]["targetPort"]) == ({LABEL: name}, "http")


def test_only_web_servers_are_reached_and_the_public_one_reaches_no_one_outside():
    policies = of_kind("NetworkPolicy")
    selected = {
        name: set(spec["podSelector"]["matchExpressions"][0]["values"]) if spec["podSelector"] else {*ROLES}
        for name, spec in policies.items()
    }
    assert policies["nothing"] == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    assert [selected[name] for name, spec in policies.items() if "ingress" in spec] == [{"clinic", "public"}]
    reached = {
        port["port"]
        for name, spec in policies.items()
        if "public" in selected[name]
        for way in spec.get("egress", [])
        for port in way["ports"]
    }
    assert reached == {53, 5432, 6379}


@pytest.mark.skipif(not shutil.which("kubectl"), reason="kubectl is missing")
@pytest.mark.parametrize("keeper", [False, True])
def test_kustomize_puts_them_together(keeper):
    folder = ROOT / "deploy" / "kubernetes-keeper" if keeper else FOLDER
    made = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, check=True)
    found = {
        one["metadata"]["name"]: one
        for one in yaml.safe_load_all(made.stdout)
        if one["kind"] in {"Deployment", "Job"} and one["metadata"]["name"] != "keeper"
    }
    assert found.keys() == {*ROLES}
    asks = {"IDENTITY_KEEPER_URL", "KEEPER_SECRET_FILE"} if keeper else {"IDENTITY_KEYS_FILE"}
    for name, one in found.items():
        pod = one["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        variables = {variable["name"] for variable in container["env"]}
        common = {variable["name"] for variable in COMMON["containers"][0]["env"]}
        assert variables == {"APP_ROLE", *common, *(asks if name in LOOK_UP else ())}
        has_keys = name in LOOK_UP and not keeper
        assert ("identity-keys" in str(pod["volumes"])) == has_keys
        assert ("identity" in str(container["volumeMounts"])) == has_keys
        assert container["securityContext"]["readOnlyRootFilesystem"] is True
        assert pod["securityContext"]["runAsUser"] == 10001
