"""environments/<name>/environment.yaml as a model."""

# ruff: noqa: E501 - a table with one case a line
from __future__ import annotations

from pathlib import Path

import pytest
from aerodrome.environment import environment_names, load_environment
from aerodrome.errors import ProblemsFound, UserError

GOOD = """\
kind: local
zones: {default: {triggerer: true}}
queues: {default: {zone: default}, own: {zone: default, tenants: false}}
alert_channels: {central: {type: file, target: alerts/central.jsonl}}
local: {ports: {postgres: 5000}, connections: {api: {type: http, url: 'http://x/y'}}}
"""


def load(root: Path, text: str) -> str:
    """Return what is said about an environment.yaml with *text*."""
    (root / "environments/local").mkdir(parents=True, exist_ok=True)
    (root / "environments/local/environment.yaml").write_text(text)
    try:
        load_environment(root, "local")
    except ProblemsFound as found:
        return str(found)
    return ""


def test_the_environments_of_this_repository_are_without_a_mistake(repository: Path) -> None:
    """All of them load."""
    assert all(load_environment(repository, name).name == name for name in environment_names(repository))


def test_an_unknown_environment_is_told_with_those_that_exist(tmp_path: Path) -> None:
    """A folder makes an environment."""
    assert load(tmp_path, GOOD) == ""
    with pytest.raises(UserError, match=r"(?s)unknown environment 'locl'.*did you mean 'local'.*has: local"):
        load_environment(tmp_path, "locl")


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("{zone: default}", "{zone: →defualt}", "queues.default.zone: unknown zone 'defualt'\n    did you mean 'default'?"),
        ("kind: local", "kind: local\ndefault_queue: →own", "default_queue: no queue for tenants is named 'own'\n    allowed: default"),
        ("{central:", "→{centra:", "central_alert_channel: unknown alert channel 'central'\n    did you mean 'centra'?"),
        ("target: alerts", "target: →../alerts", "alert_channels.central.target: must be a path below the log folder: relative, without '..'"),
        ("file, target: alerts/central.jsonl", "webhook, target: →'https://u:p@x'", "alert_channels.central.target: must be an http(s) URL without credentials"),
        ("url: 'http://x/y'", "url: →'ftp://x'", "local.connections.api.url: must be an http(s) URL without credentials"),
        ("{type: http, url: 'http://x/y'}", "{type: postgres, →url: 'http://x/y'}", "local.connections.api.url: has no effect with type: postgres: each tenant gets a database of its own"),
        ("{postgres: 5000}", "{postgres: 5000, redis: →5000}", "local.ports.redis: port 5000 is taken by 'postgres'"),
        ("{default: {triggerer: true}}", "{default: {triggerer: true}, pii: {triggerer: →true}}", "zones.pii.triggerer: the one triggerer here is that of zone 'default'"),
        ("own: {zone: default, tenants: false}", "own: {zone: →default, tenants: false, shared: false, personal_data: true}", "queues.own.zone: zone 'default' also serves 'default', which is not for personal data\n    give the queue a zone of its own"),
        ("{default: {zone: default}, own: {zone: default, tenants: false}}", "{default: {zone: default, personal_data: →true}}", "queues.default.personal_data: workers for personal data are not shared\n    add shared: false"),
        ("{default: {triggerer: true}}", "{default: {triggerer: true, →workers: cluster}}", "zones.default.workers: has no effect with kind: local: there is no cluster\n    remove it"),
        ("{default: {triggerer: true}}", "{default: {workers: →hosts}}", "zones.default.workers: hosts do not know how to reach the platform\n    add hosts: {entrance: {address: <address of this machine>}}"),
        ("kind: local\nzones: {default: {triggerer: true}}", "kind: kubernetes\nzones: {default: {}}", "local: has no effect with kind: kubernetes\n    remove it, or write kind: local"),
        ("kind: local", "→nmae: x\nkind: local", "nmae: unknown key 'nmae'\n    did you mean 'name'?"),
        ("kind: local", "→name: x\nkind: local", "name: unknown key 'name'\n    the folder names the environment; remove the key"),
        ("kind: local", "kind: →lokal", "kind: unknown value 'lokal'\n    did you mean 'local'?"),
    ],
)  # fmt: skip
def test_mistakes_in_an_environment_are_placed(tmp_path: Path, right: str, wrong: str, said: str) -> None:
    """File, line, column, field, remedy."""
    text = GOOD.replace(right, wrong, 1)
    marked = text if "→" in text else text.replace("local: {", "→local: {", 1)
    before = marked.partition("→")[0].split("\n")
    found = load(tmp_path, marked.replace("→", ""))
    if said.startswith("central_alert_channel"):
        before = [""]
    assert found == f"environments/local/environment.yaml:{len(before)}:{len(before[-1]) + 1}: {said}"
