"""One commit for each publish, whole or not at all."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from aerodrome.bundle import (
    Changes,
    create,
    diff,
    history,
    named_runtimes,
    publish,
    published_text,
    runtimes_of,
)
from aerodrome.clients.git import BareRepository
from git import Repo

FILES = {"flights/delays.py": "delays", "flights/policy.json": "{}", "health/publish.py": "publish"}
_PUBLISH = """
import sys; from pathlib import Path; from aerodrome.bundle import publish
while True:
    for text in "ab":
        publish(Path(sys.argv[1]), {f"flights/d{i}.py": text * 20000 for i in range(200)}, source="0")
"""


def paths(bundle: Path) -> set[str]:
    """Return the published paths."""
    git = BareRepository(bundle)
    return set(git.tree(git.head()))


def test_all_files_are_published_in_one_commit(bundle: Path) -> None:
    """A clone, as Airflow makes one, has each of them."""
    made = publish(bundle, FILES, source="abc123")
    assert made and [made] == list(history(bundle))
    clone = Repo.clone_from(str(bundle), bundle.parent / "clone")
    assert {path: (Path(clone.working_dir) / path).read_text() for path in FILES} == FILES


def test_a_publish_names_tenants_and_source(bundle: Path) -> None:
    """Who changed, how much, and from which commit; committed by the platform, whoever runs it."""
    made = publish(bundle, FILES, source="abc123")
    assert made and (made.summary, made.tenants) == ("Publish flights, health", ("flights", "health"))
    assert made.source == "abc123"
    commit = Repo(str(bundle)).commit(made.commit)
    assert "Tenant: flights (2 added)" in str(commit.message)
    assert commit.author == commit.committer and commit.author.name == "Aerodrome"


def test_nothing_changed_makes_no_commit(bundle: Path) -> None:
    """Not even from another source commit."""
    publish(bundle, FILES, source="abc123")
    assert publish(bundle, FILES, source="def456") is None
    assert len(history(bundle)) == 1


def test_files_that_are_gone_are_removed(bundle: Path) -> None:
    """The files given are the whole content."""
    publish(bundle, FILES, source="1")
    made = publish(bundle, {"flights/delays.py": "delays"}, source="2")
    assert paths(bundle) == {"flights/delays.py"}
    assert made and made.tenants == ("flights", "health")


def test_other_tenants_stay_as_they_are(bundle: Path) -> None:
    """A publish of one tenant replaces its folder alone."""
    publish(bundle, FILES, source="1")
    publish(bundle, {"flights/new.py": "new"}, source="2", tenants={"flights"})
    assert paths(bundle) == {"flights/new.py", "health/publish.py"}


def test_the_last_good_version_of_a_broken_dag_is_kept(bundle: Path) -> None:
    """Its manifest renders to nothing now; what was published stays."""
    publish(bundle, FILES, source="1")
    publish(bundle, {"flights/policy.json": "{}"}, source="2", keep={"flights/delays.py", "flights/never.py"})
    assert paths(bundle) == {"flights/delays.py", "flights/policy.json"}
    assert published_text(bundle, "flights/delays.py") == "delays"


def test_a_diff_is_what_a_publish_does(bundle: Path) -> None:
    """Also before the repository is there."""
    assert diff(bundle.parent / "none.git", FILES).added == tuple(sorted(FILES))
    publish(bundle, FILES, source="1")
    assert not diff(bundle, FILES)
    files = {"flights/delays.py": "other", "flights/new.py": "new", "flights/policy.json": "{}"}
    expected = Changes(("flights/new.py",), ("flights/delays.py",), ("health/publish.py",))
    assert diff(bundle, files) == expected


@pytest.mark.parametrize(
    "path", ["../etc/x", "/x", "flights/../x", "flights/a/b.py", "flights/.git", "Flights/x", "a\nb", "a\n"]
)
def test_no_path_leads_out_of_a_tenants_folder(bundle: Path, path: str) -> None:
    """Nor into git's own files, nor out of a line of git's."""
    with pytest.raises(ValueError, match="not a path"):
        publish(bundle, {path: "x"}, source="1")


def test_a_tenants_publish_cannot_write_into_another_folder(bundle: Path) -> None:
    """Files and tenants must agree."""
    with pytest.raises(ValueError, match="another tenant"):
        publish(bundle, FILES, source="1", tenants={"flights"})


def test_two_publishers_at_once_both_succeed(bundle: Path) -> None:
    """The slower one starts again from what the faster one left."""
    names = [f"t{number}" for number in range(8)]
    with ThreadPoolExecutor(4) as pool:
        made = list(pool.map(lambda n: publish(bundle, {f"{n}/a.py": n}, source="1", tenants={n}), names))
    assert all(made) and len(history(bundle)) == 8
    assert paths(bundle) == {f"{name}/a.py" for name in names}


def test_a_killed_publish_leaves_the_old_or_the_new_bundle(bundle: Path) -> None:
    """kill -9 at any moment: all files are of one publish, and the next publish works."""
    git = BareRepository(bundle)
    for pause in (0.005, 0.01, 0.02):
        before = git.head()
        process = subprocess.Popen([sys.executable, "-c", _PUBLISH, str(bundle)], start_new_session=True)
        while git.head() == before and process.poll() is None:
            time.sleep(0.005)
        time.sleep(pause)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        assert len(set(git.tree(git.head()).values())) == 1
    assert publish(bundle, FILES, source="1")


def test_four_hundred_files_are_published_within_a_second(bundle: Path) -> None:
    """The size of a whole platform; CPU of this process and of git, whatever else the machine does."""
    files = {f"t{number % 20}/d{number}.py": f"# {number}\n" * 300 for number in range(400)}
    began = sum(os.times()[:4])
    publish(bundle, files, source="1")
    assert sum(os.times()[:4]) - began < 1


def test_the_users_own_git_configuration_has_no_say(
    bundle: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither hooks, nor signing, nor an author from the environment."""
    (tmp_path / ".gitconfig").write_text(
        "[commit]\n gpgsign = true\n[core]\n hooksPath = /nowhere\n[user]\n name = Me\n"
    )
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("GIT_AUTHOR_NAME", "Somebody")
    monkeypatch.setenv("GIT_DIR", "/nowhere")
    made = publish(bundle, FILES, source="1")
    assert made
    assert Repo(str(bundle)).commit(made.commit).author.name == "Aerodrome"


def test_making_a_bundle_again_keeps_it(bundle: Path) -> None:
    """`deploy` may call it every time."""
    publish(bundle, FILES, source="1")
    create(bundle)
    assert paths(bundle) == set(FILES)


def test_environments_that_recent_publishes_name_are_found(bundle: Path) -> None:
    """So that a rollback finds the environment of its DAGs."""
    for number in range(4):
        publish(bundle, {"flights/a.py": f'    runtime="{number:016x}",\n'}, source="1")
    assert named_runtimes(bundle, 2) == {f"{2:016x}", f"{3:016x}"}


def test_a_rendered_files_runtime_is_found(bundle: Path, repository: Path) -> None:
    """In the way that the renderer really writes it."""
    rendered = (repository / "tests/render/golden/daily.py").read_text()
    made = publish(bundle, {"flights/daily.py": rendered}, source="1")
    assert made is not None
    assert named_runtimes(bundle) == {"0123456789abcdef"}
    assert runtimes_of(bundle, made.commit) == {"flights": {"0123456789abcdef"}}
