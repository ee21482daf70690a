"""What runs the keeper: compose's and Kubernetes' files beside those of the service."""

import yaml

from swecar.local.folder import ROOT
from swecar.setting_rules import LOOK_UP
from tests.test_deployment import COMPOSE, NAMES, OURS, SECRET
from tests.test_kubernetes import COMMON, IDENTITY, RUNNING
from tests.test_kubernetes import NAMES as SETTINGS

FOLDER = ROOT / "deploy" / "kubernetes-keeper"


class Overriding(yaml.SafeLoader):
    """Of compose's own tags the one that is used here."""


Overriding.add_constructor("!override", Overriding.construct_sequence)
BESIDE = yaml.load((ROOT / "deploy" / "keeper.yaml").read_text(encoding="utf-8"), Overriding)  # noqa: S506
OBJECTS = list(yaml.safe_load_all((FOLDER / "keeper.yaml").read_text(encoding="utf-8")))
KUSTOMIZATION = yaml.safe_load((FOLDER / "kustomization.yaml").read_text(encoding="utf-8"))


def test_compose_gives_the_keys_to_the_keeper_alone_and_the_way_to_who_looks_up():
    services = BESIDE["services"]
    assert services.keys() == {*LOOK_UP, "keeper"}
    assert {name for name, service in OURS.items() if "identity_keys" in service["secrets"]} == {*LOOK_UP}
    assert {name for name, service in OURS.items() if "IDENTITY_KEYS_FILE" in service["environment"]} == {*LOOK_UP}
    for name, service in services.items():
        variables = OURS.get(name, {}).get("environment", {}) | service["environment"]
        assert {variable.removesuffix("_FILE") for variable in variables} <= NAMES
        assert all(
            variable.endswith("_FILE") for variable in variables if variable.removesuffix("_FILE") in SECRET
        )
        has_keys, asks = name == "keeper", name in LOOK_UP
        assert bool(variables["IDENTITY_KEYS_FILE"]) == has_keys
        assert ("identity_keys" in service["secrets"]) == has_keys
        assert ("keeper_secret" in service["secrets"]) == (has_keys or asks)
        assert (variables.get("IDENTITY_KEEPER_URL") == "tcp://keeper:7300") == (has_keys or asks)
        assert (service.get("networks") == ["keeping"]) == (has_keys or asks)
        if not has_keys:  # nothing else is taken from it
            before = set(OURS[name]["secrets"]) - {"identity_keys"}
            assert set(service["secrets"]) - {"keeper_secret"} == before
    keeper = services["keeper"]
    assert (keeper["read_only"], keeper["cap_drop"], keeper["networks"]) == (True, ["ALL"], ["keeping"])
    assert {"cpus", "mem_limit", "restart", "healthcheck"} <= keeper.keys()
    assert keeper["ulimits"] == {"memlock": -1, "core": 0}
    assert BESIDE["networks"] == {"keeping": {"internal": True}}
    assert not BESIDE["networks"].keys() & COMPOSE["networks"].keys()


def test_kubernetes_gives_the_keys_to_the_keeper_alone_and_the_way_to_who_looks_up():
    assert {path.name for path in FOLDER.iterdir()} == {
        "kustomization.yaml", "keeper.yaml", "asks.yaml",
    }  # fmt: skip
    patched = {}
    for patch in KUSTOMIZATION["patches"]:
        for name in patch["target"]["name"].split("|"):
            assert RUNNING[name]["kind"] == patch["target"]["kind"]
            patched[name] = yaml.safe_load((FOLDER / patch["path"]).read_text(encoding="utf-8"))
    assert patched.keys() == {*LOOK_UP}
    for name, patch in patched.items():
        (container,) = patch["spec"]["template"]["spec"]["containers"]
        assert container["name"] == COMMON["containers"][0]["name"]
        (gone,) = [one["name"] for one in container["env"] if one.get("$patch") == "delete"]
        assert gone == "IDENTITY_KEYS_FILE" in {one["name"] for one in IDENTITY["containers"][0]["env"]}
        assert container["volumeMounts"] == [
            {"mountPath": mount["mountPath"], "$patch": "delete"}
            for mount in IDENTITY["containers"][0]["volumeMounts"]
        ]
        assert patch["spec"]["template"]["spec"]["volumes"] == [
            {"name": volume["name"], "$patch": "delete"} for volume in IDENTITY["volumes"]
        ]
        given = {one["name"]: one["value"] for one in container["env"] if "value" in one}
        assert {variable.removesuffix("_FILE") for variable in given} <= SETTINGS
        assert ("IDENTITY_KEEPER_URL" in given) == ("KEEPER_SECRET_FILE" in given) == (name in LOOK_UP)


def test_nothing_reaches_the_keeper_but_who_looks_up_and_it_reaches_nothing():
    (deployment,) = [one["spec"] for one in OBJECTS if one["kind"] == "Deployment"]
    pod = deployment["template"]["spec"]
    (container,) = pod["containers"]
    assert deployment["replicas"] == 1
    assert container["securityContext"] == COMMON["containers"][0]["securityContext"]
    assert pod["securityContext"] == COMMON["securityContext"]
    assert [volume["secret"]["secretName"] for volume in pod["volumes"] if "secret" in volume] == ["swecar-keeper"]
    policies = {one["metadata"]["name"]: one["spec"] for one in OBJECTS if one["kind"] == "NetworkPolicy"}
    assert policies["keeper"]["egress"] == []
    (way,) = policies["keeper"]["ingress"]
    assert [set(one["podSelector"]["matchExpressions"][0]["values"]) for one in way["from"]] == [set(LOOK_UP)]
    assert set(policies["to-the-keeper"]["podSelector"]["matchExpressions"][0]["values"]) == set(LOOK_UP)
