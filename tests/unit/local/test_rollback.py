"""An earlier bundle published again: only where its virtual environments are there still."""

from __future__ import annotations

import json
import threading
from pathlib import Path
from typing import Any

import pytest
from aerodrome import bundle
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine.lock import alone, lock_file
from aerodrome.local.machine.state import MARK
from aerodrome.local.release.deploy import rollback_local
from aerodrome.manifest.tenant import TenantManifest

OLD, NEW = "0123456789abcdef", "fedcba9876543210"


def rendered(runtime: str) -> str:
    """Return a rendered DAG that names a virtual environment."""
    return f"PythonCallOperator(task_id='a', runtime='{runtime}')\n"


@pytest.fixture
def published(place: Any, monkeypatch: pytest.MonkeyPatch) -> Any:
    """A repository with two publishes; the environments of both are there."""
    state = Path(place.environment["AERODROME_STATE"])
    monkeypatch.setenv("AERODROME_STATE", str(state))
    (state / "config").mkdir(parents=True)
    (state / MARK).touch()
    bundle.create(state / "bundle.git")
    for runtime in (OLD, NEW):
        bundle.publish(state / "bundle.git", {"alpha/daily.py": rendered(runtime)}, source=runtime[:4])
        (state / "runtimes/alpha" / runtime / "bin").mkdir(parents=True)
        (state / "runtimes/alpha" / runtime / "bin/python").touch()
    return place


def repository(place: Any) -> Path:
    """Return the bundle."""
    return Path(place.environment["AERODROME_STATE"]) / "bundle.git"


def test_a_rollback_is_a_new_publish(published: Any) -> None:
    """With the old content; nothing of the history is lost."""
    first = bundle.history(repository(published))[-1].commit
    said = rollback_local(published.root, "local", first)
    found = bundle.history(repository(published))
    assert said == f"published {first[:12]} again as {found[0].commit[:12]}: alpha" and len(found) == 3
    assert bundle.published_text(repository(published), "alpha/daily.py") == rendered(OLD)


def test_a_rollback_may_be_rolled_back(published: Any) -> None:
    """It is a publish like any other."""
    newest, first = (publish.commit for publish in bundle.history(repository(published)))
    rollback_local(published.root, "local", first)
    rollback_local(published.root, "local", newest[:12])
    assert bundle.published_text(repository(published), "alpha/daily.py") == rendered(NEW)
    assert "nothing to change" in rollback_local(published.root, "local", newest)


def test_a_publish_whose_environment_is_gone_is_refused(published: Any) -> None:
    """Its tasks could not run; the tenant is named, and nothing is published."""
    before = bundle.history(repository(published))
    (repository(published).parent / f"runtimes/alpha/{OLD}/bin/python").unlink()
    with pytest.raises(UserError, match=r"cleared away since, of alpha\n.*check out the source commit"):
        rollback_local(published.root, "local", before[-1].commit)
    assert bundle.history(repository(published)) == before


def test_a_publish_whose_code_hosts_do_not_keep_is_refused(published: Any) -> None:
    """They have what was deployed last alone; the tenant is named."""
    settings = published.root / "environments/local/environment.yaml"
    text = settings.read_text()
    assert "default: {triggerer: true}" in text
    outside = text.replace("default: {triggerer: true}", "default: {workers: hosts}")
    settings.write_text(
        f"{outside}hosts: {{entrance: {{address: 127.0.0.2}}, firewall: {{enabled: false}}}}\n"
    )
    model = {"owners": [{"name": "Team", "email": "team@example.org"}], "queues": ["default"]}
    manifest = TenantManifest.model_validate(model).model_dump_json(by_alias=True)
    (repository(published).parent / "config/tenants.json").write_text(json.dumps({"alpha": manifest}))
    newest, first = (publish.commit for publish in bundle.history(repository(published)))
    with pytest.raises(UserError, match=r"cleared away since, of alpha\n.*check out the source commit"):
        rollback_local(published.root, "local", first)
    assert "nothing to change" in rollback_local(published.root, "local", newest)


@pytest.mark.parametrize("to", ["abcdef123456", "nosuch", "--help", ""])
def test_what_is_no_publish_is_refused(published: Any, to: str) -> None:
    """Whatever it is."""
    with pytest.raises(UserError, match="is no publish of this bundle"):
        rollback_local(published.root, "local", to)


def test_two_rollbacks_at_once_are_one_after_the_other(published: Any) -> None:
    """Both come through or one is told to wait; what is published is one of the two, and whole."""
    newest, first = (publish.commit for publish in bundle.history(repository(published)))
    told: list[str] = []

    def roll(to: str) -> None:
        try:
            told.append(rollback_local(published.root, "local", to))
        except AerodromeError as error:
            told.append(str(error))

    threads = [threading.Thread(target=roll, args=(to,)) for to in (first, newest) * 2]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    done = [text for text in told if text.startswith("published ")]
    assert len(told) == 4 and len(bundle.history(repository(published))) == 2 + len(done)
    expected = ("published ", "another command works on this platform")
    assert [text for text in told if not text.startswith(expected) and "nothing to change" not in text] == []
    assert bundle.published_text(repository(published), "alpha/daily.py") in (rendered(OLD), rendered(NEW))


def test_a_rollback_waits_for_no_deploy(published: Any) -> None:
    """The one who comes second is told who works on the platform."""
    with alone(lock_file(published.root)), pytest.raises(AerodromeError, match="another command works"):
        rollback_local(published.root, "local", bundle.history(repository(published))[-1].commit)
