"""The alert rules and the dashboard name metrics that there are, and the rules fire on what they are for."""

import json
import re
import shutil
import subprocess

import pytest
import yaml
from prometheus_client.parser import text_string_to_metric_families

from registry.choices import Task
from registry.publishing.publish import publish
from swecar.counts import COUNTERS, SECONDS
from swecar.local.folder import ROOT
from tests import factories
from tests.test_metrics import store_run
from tests.watching import read_metrics

FOLDER = ROOT / "deploy" / "monitoring"
RULES = [
    rule for group in yaml.safe_load((FOLDER / "alerts.yml").read_text())["groups"] for rule in group["rules"]
]
TRIALS = yaml.safe_load((FOLDER / "alerts_test.yml").read_text())["tests"]
DASHBOARD = json.loads((FOLDER / "dashboard.json").read_text())
PANELS = [panel for panel in DASHBOARD["panels"] if panel["type"] != "row"]
SAMPLE = re.compile(r"(swecar_\w+)(?:\{([^}]*)\})?")
GROUPED = re.compile(r"by \(([^)]*)\) (?=\()")
promtool = pytest.mark.skipif(
    shutil.which("promtool") is None, reason="promtool is not installed (apt: prometheus)"
)

EXPRESSIONS = [rule["expr"] for rule in RULES] + [
    target["expr"] for panel in PANELS for target in panel["targets"]
]  # fmt: skip


@pytest.fixture
def labels(lists, settings) -> dict[str, set[str]]:
    """Every sample that the service can tell, with its labels."""
    factories.record_several(lists)
    publish()
    store_run(Task.PUBLISH, "done", queued=9, started=8, ended=1)
    known = {f"swecar_{name}_total": set(of) for name, (_meaning, of) in COUNTERS.items()}
    known |= {f"swecar_{SECONDS}_{end}": {"part"} for end in ("sum", "count")}
    known[f"swecar_{SECONDS}_bucket"] = {"part", "le"}
    for settings.READS_REPLICA in (False, True):
        for family in text_string_to_metric_families(read_metrics()):
            if family.type == "gauge":
                known[family.name] = set().union(*(sample.labels for sample in family.samples))
    return known


def read_brackets(text: str) -> str:
    """What stands between the bracket that begins the text and the one that closes it."""
    depth = 0
    for place, letter in enumerate(text):
        depth += {"(": 1, ")": -1}.get(letter, 0)
        if depth == 0:
            return text[: place + 1]
    raise ValueError(text)


def test_every_metric_and_label_that_is_named_is_told(labels):
    for expression in EXPRESSIONS:
        named = SAMPLE.findall(expression)
        assert named, expression
        for name, chosen in named:
            assert name in labels, expression
            assert set(re.findall(r"(\w+)[!=]", chosen)) <= labels[name], expression
        for group in GROUPED.finditer(expression):
            for name, _chosen in SAMPLE.findall(read_brackets(expression[group.end() :])):
                assert set(group[1].split(", ")) <= labels[name], expression


def test_the_names_are_really_looked_for(labels):
    assert "swecar_database_up" in labels
    assert "swecar_nothing" not in labels
    assert labels["swecar_absent"] == {"part"}
    assert len(RULES) > 10
    assert len(PANELS) > 10


def test_every_gauge_and_counter_has_a_panel(labels):
    shown = {
        name for panel in PANELS for target in panel["targets"] for name, _of in SAMPLE.findall(target["expr"])
    }
    assert {name for name in labels if not name.endswith(("_sum", "_count"))} - shown == set()


def test_every_rule_is_tried_on_a_service_that_is_ill_and_on_one_that_is_well():
    names = {rule["alert"] for rule in RULES}
    fires = {one["alertname"] for trial in TRIALS for one in trial["alert_rule_test"] if one.get("exp_alerts")}
    rests = {one["alertname"] for trial in TRIALS for one in trial["alert_rule_test"] if not one.get("exp_alerts")}
    assert fires == rests == names
    handbook = (ROOT / "docs" / "operations.md").read_text()
    assert [name for name in names if f"`{name}`" not in handbook] == []


def test_each_panel_has_a_place_and_a_number_of_its_own():
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])
    taken = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {(place["x"] + x, place["y"] + y) for x in range(place["w"]) for y in range(place["h"])}
        assert not cells & taken, panel["title"]
        assert place["x"] + place["w"] <= 24
        taken |= cells


def run_promtool(*words: str, folder=FOLDER) -> subprocess.CompletedProcess:
    return subprocess.run(["promtool", *words], cwd=folder, capture_output=True, text=True, check=False)


@promtool
def test_promtool_reads_the_rules_and_every_trial_ends_as_it_says():
    assert run_promtool("check", "rules", "alerts.yml").returncode == 0
    tried = run_promtool("test", "rules", "alerts_test.yml")
    assert tried.returncode == 0, tried.stdout + tried.stderr


@promtool
def test_a_rule_that_never_fires_is_noticed(tmp_path):
    """Each of them, since no rule is about another."""
    rules = yaml.safe_load((FOLDER / "alerts.yml").read_text())
    broken = [rule for group in rules["groups"] for rule in group["rules"]]
    for rule in broken:
        rule["expr"] = "vector(1) == 2"
    (tmp_path / "alerts.yml").write_text(yaml.safe_dump(rules))
    shutil.copy(FOLDER / "alerts_test.yml", tmp_path)
    tried = run_promtool("test", "rules", "alerts_test.yml", folder=tmp_path)
    assert tried.returncode == 1
    noticed = set(re.findall(r"alertname: ?(\w+)", tried.stdout + tried.stderr))
    assert noticed == {rule["alert"] for rule in broken}


@promtool
def test_promtool_can_read_every_expression(tmp_path):
    records = [{"record": f"no_{number}", "expr": expr} for number, expr in enumerate(dict.fromkeys(EXPRESSIONS))]
    (tmp_path / "all.yml").write_text(yaml.safe_dump({"groups": [{"name": "all", "rules": records}]}))
    read = run_promtool("check", "rules", "all.yml", folder=tmp_path)
    assert read.returncode == 0, read.stdout + read.stderr
    assert f"{len(records)} rules found" in read.stdout
