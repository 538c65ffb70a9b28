"""A plan is the same bytes for the same state, tells no secret, and making it changes nothing."""

from __future__ import annotations

import json
import os
import random
from pathlib import Path
from typing import Any

from aerodrome.local.machine import state
from aerodrome.local.release.preparation import prepare
from aerodrome.plan import Change, Plan, apply_targets, make_plan

CHANGES = (
    Change("release", "restart", "scheduler", "its configuration changed", "restarts"),
    Change("secrets", "create", "connection flights.warehouse", "not there yet", "access"),
    Change("bundle", "delete", "DAG flights.daily", "its manifest is gone, für immer", reversible=False),
)
WITH_SECRETS = "connections: {warehouse: {type: postgres}}\nvariables: [key]\n"
LOCAL = "  connections: {warehouse: {type: postgres}}\n  variables: [key]\n"


class File:
    """A target that brings one file to its desired text."""

    name = "file"

    def __init__(self, path: Path, text: str, then: Path | None = None) -> None:
        self.path, self.text, self.then = path, text, then

    def changes(self) -> tuple[Change, ...]:
        """One change where the text differs."""
        same = self.path.exists() and self.path.read_text() == self.text
        return () if same else (Change("file", "update", self.path.name, "its text differs"),)

    def apply(self, changes: object, progress: Any) -> None:
        """Write the text, and remove another file."""
        self.path.write_text(self.text)
        progress("written")
        if self.then:
            self.then.unlink()


def test_the_same_inputs_have_one_hash() -> None:
    """However often it is made, and in whatever order targets and mappings tell them."""
    desired, texts = {f"tenants/t{number}": str(number) for number in range(9)}, set()
    for seed in range(100):
        shuffled = random.Random(seed).sample
        plan = Plan("local", tuple(shuffled(CHANGES, 3)), "c0ffee", dict(shuffled(list(desired.items()), 9)))
        texts.add(plan.as_json())
        assert Plan.from_json(plan.as_json(), "x", "y").digest == plan.digest
    assert len(texts) == 1


def test_any_difference_changes_the_hash() -> None:
    """Environment, commit, desired state, and each part of a change."""
    plans = [
        Plan("local", CHANGES),
        Plan("test", CHANGES),
        Plan("local", CHANGES[:2]),
        Plan("local", CHANGES, "c0ffee"),
        Plan("local", CHANGES, desired={"environment": "1"}),
        Plan("local", CHANGES, desired={"environment": "2"}),
    ]
    texts = ("action", "what", "why", "kind", "name", "source", "before", "after")
    others = (*({key: "start"} for key in texts), {"risk": "data"}, {"reversible": False})
    plans += [Plan("local", (Change(**{**vars(CHANGES[0]), **other}), *CHANGES[1:])) for other in others]
    assert len({plan.digest for plan in plans}) == len(plans)


def test_a_plan_as_json_is_readable_and_whole() -> None:
    """Sorted keys, text as it is written, every change."""
    text = Plan("local", CHANGES).as_json()
    assert "für immer" in text and list(json.loads(text)["changes"][0]) == sorted(vars(CHANGES[0]))
    assert json.loads(text)["changes"] == [vars(change) for change in sorted(CHANGES)]
    assert Plan("local", CHANGES).of("bundle") == CHANGES[2:]


def test_a_target_is_looked_at_again_just_before_its_turn(tmp_path: Path) -> None:
    """What an earlier target does may change what a later one has to do."""
    first, second = tmp_path / "first", tmp_path / "second"
    second.write_text("good")
    targets = (File(first, "x", then=second), File(second, "good"))
    assert len(make_plan("local", targets).changes) == 1
    said: list[str] = []
    done = apply_targets("local", targets, lambda target, text: said.append(f"{target}: {text}"))
    assert [change.what for change in done.changes] == ["first", "second"] and said == ["file: written"] * 2
    assert make_plan("local", targets).changes == ()


def everything_below(folder: Path) -> list[str]:
    """Return all paths below *folder*."""
    return sorted(str(path) for path in folder.rglob("*"))


def test_a_plan_of_a_platform_that_is_not_there_changes_nothing(place: Any, monkeypatch: Any) -> None:
    """Not even a password is made; the same state gives the same plan."""
    monkeypatch.setenv("AERODROME_STATE", place.environment["AERODROME_STATE"])
    with (place.root / "environments/local/environment.yaml").open("a") as stream:
        stream.write(LOCAL)
    place.tenant("alpha", "daily", more=WITH_SECRETS)
    plans = [make_plan("local", prepare(place.root, "local", lambda _: None).targets()) for _ in range(2)]
    assert plans[0].as_json() == plans[1].as_json() and len(plans[0].changes) > 10
    assert {change.target for change in plans[0].changes} == {"release", "secrets", "roles", "bundle"}
    assert not state.locate(place.root).state.exists() and not os.path.lexists(
        place.root / ".aerodrome/local"
    )


def test_no_generated_secret_stands_in_a_plan(place: Any, monkeypatch: Any) -> None:
    """Though all of them are there to be written."""
    monkeypatch.setenv("AERODROME_STATE", place.environment["AERODROME_STATE"])
    with (place.root / "environments/local/environment.yaml").open("a") as stream:
        stream.write(LOCAL)
    place.tenant("alpha", "daily", more=WITH_SECRETS)
    prepared = prepare(place.root, "local", lambda _: None)
    secrets = prepared.platform.layout.secrets
    secrets.mkdir(parents=True)
    for name in ("openbao-zone-default", "postgres-tenant-alpha", "airflow-user-admin", "redis-zone-default"):
        (secrets / name).write_text(f"s3cret-{name}")
    text = make_plan("local", prepared.targets()).as_json()
    assert not [file.name for file in secrets.iterdir() if file.read_text() in text]
