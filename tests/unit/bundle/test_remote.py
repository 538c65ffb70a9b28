"""The DAG repository on a server: what is pushed is what is read, and whoever comes second is told."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest
from aerodrome.bundle import publish, published_paths
from aerodrome.clients.git import BareRepository, BranchMovedError
from aerodrome.clients.git_remote import Remote
from aerodrome.errors import AerodromeError
from aerodrome.targets.remote_bundle import PublishedBundle

FILES = {"alpha/daily.py": "# 1\n"}
OTHERS = {"alpha/daily.py": "# 2\n"}


@pytest.fixture
def server(tmp_path: Path) -> Path:
    """An empty repository elsewhere."""
    BareRepository(tmp_path / "server.git").create()
    return tmp_path / "server.git"


def remote(tmp_path: Path, server: Path | str, name: str = "here") -> Remote:
    """Return the server as one machine that deploys sees it."""
    return Remote(BareRepository(tmp_path / f"{name}.git"), str(server))


def published(of: Remote, files: dict[str, str]) -> None:
    """Publish into the mirror alone."""
    publish(of.mirror.path, files, source="test")


def test_a_publish_reaches_the_server_and_the_next_machine(tmp_path: Path, server: Path) -> None:
    """The first one too, when the server has no branch."""
    here, there = remote(tmp_path, server), remote(tmp_path, server, "there")
    here.fetch()
    published(here, FILES)
    here.push()
    there.fetch()
    assert published_paths(there.mirror.path) == published_paths(server) == ("alpha/daily.py",)


def test_a_branch_that_has_begun_has_no_file_and_takes_the_first_publish(
    tmp_path: Path, server: Path
) -> None:
    """To begin again changes nothing."""
    here = remote(tmp_path, server)
    bundle = PublishedBundle(here)
    bundle.begin()
    begun = bundle.head()
    bundle.begin()
    assert begun and BareRepository(server).head() == begun and published_paths(server) == ()
    published(here, FILES)
    here.push()
    assert published_paths(server) == ("alpha/daily.py",)


def test_an_earlier_bundle_is_published_again_for_everybody(tmp_path: Path, server: Path) -> None:
    """As a new commit on what is there."""
    here = remote(tmp_path, server)
    bundle = PublishedBundle(here)
    heads = []
    for files in (FILES, OTHERS):
        here.fetch()
        published(here, files)
        here.push()
        heads.append(bundle.head())
    assert bundle.back_to(heads[0]).startswith(f"published {heads[0][:12]} again as ")
    assert BareRepository(server).text("alpha/daily.py") == "# 1\n"
    assert bundle.head() not in heads


def test_what_was_never_pushed_is_gone_after_a_fetch(tmp_path: Path, server: Path) -> None:
    """A deploy that was killed before its push left it: the server's state counts."""
    here = remote(tmp_path, server)
    here.fetch()
    published(here, FILES)
    here.push()
    published(here, OTHERS)
    here.fetch()
    assert here.mirror.text("alpha/daily.py") == "# 1\n"


def test_who_pushes_second_is_told_and_changes_nothing(tmp_path: Path, server: Path) -> None:
    """Whichever branch was there first stays."""
    here, there = remote(tmp_path, server), remote(tmp_path, server, "there")
    for each, files in ((here, FILES), (there, OTHERS)):
        each.fetch()
        published(each, files)
    here.push()
    with pytest.raises(BranchMovedError, match="somebody else published at the same time"):
        there.push()
    assert BareRepository(server).text("alpha/daily.py") == "# 1\n"


def test_a_server_that_lost_its_branch_is_no_empty_one(tmp_path: Path, server: Path) -> None:
    """All DAGs of all tenants would be new, and nobody would ask why."""
    here = remote(tmp_path, server)
    here.fetch()
    published(here, FILES)
    here.push()
    subprocess.run(["git", "-C", server, "update-ref", "-d", "refs/heads/main"], check=True)
    with pytest.raises(AerodromeError, match="it has no branch main, and had one before"):
        here.fetch()


@pytest.mark.parametrize(
    "address", ["file:///nowhere/at-all.git", "--upload-pack=touch pwned", "ext::sh -c true"]
)
def test_what_is_no_server_is_told_by_its_address(tmp_path: Path, address: str) -> None:
    """An option of git's, and a command, are no addresses either."""
    with pytest.raises(AerodromeError) as told:
        remote(tmp_path, address).fetch()
    assert str(told.value).startswith(f"{address}: git ls-remote: ")
    assert "git ls-remote" in told.value.remedy
    assert not [*Path.cwd().glob("pwned"), *tmp_path.rglob("pwned")]


def test_a_password_in_an_address_is_never_shown(tmp_path: Path) -> None:
    """Nor a login that git repeats."""
    with pytest.raises(AerodromeError) as told:
        remote(tmp_path, "http://somebody:hidden@127.0.0.1:1/x.git").fetch()
    assert "hidden" not in f"{told.value} {told.value.remedy}"
    assert "http://127.0.0.1:1/x.git" in str(told.value)
