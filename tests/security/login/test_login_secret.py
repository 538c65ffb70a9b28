"""The password of the platform's account in the directory, tried before it is kept."""

from __future__ import annotations

import json
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.errors import UserError
from aerodrome.local.release import login_desk
from aerodrome.login import given
from directory import GROUPS, PASSWORD, PEOPLE, READER, Slapd

pytestmark = pytest.mark.all_attacks
ENVIRONMENT = """\
kind: local
zones: {default: {}}
queues: {default: {zone: default}}
alert_channels: {central: {type: file, target: central.jsonl}}
login: {kind: directory, directory: %s}
"""


@pytest.fixture
def repository_of(login_slapd: Slapd, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A repository whose login asks the directory, with a state that services could reach."""
    folder = tmp_path / "environments/local"
    folder.mkdir(parents=True)
    shutil.copy(login_slapd.folder / "ca.pem", folder / "ca.pem")
    directory = {
        "url": login_slapd.settings.url,
        "start_tls": True,
        "ca_file": "ca.pem",
        "bind_dn": READER,
        "people": {"base": PEOPLE},
        "groups": {"base": GROUPS},
    }
    (folder / "environment.yaml").write_text(ENVIRONMENT % json.dumps(directory))
    state = Path(tempfile.mkdtemp(prefix="aerodrome-login-"))
    state.chmod(0o755)
    monkeypatch.setenv("AERODROME_STATE", str(state / "state"))
    yield tmp_path
    shutil.rmtree(state)


def test_a_password_is_tried_before_it_is_kept(repository_of: Path) -> None:
    """What the directory refuses is not written; what it accepts is."""
    with pytest.raises(UserError, match=r"(?s)refuses this password of cn=reader.*nothing was written"):
        login_desk.keep(repository_of, "local", {"bind_password": "wrong"})
    assert given.ACCEPTED in login_desk.keep(repository_of, "local", {"bind_password": PASSWORD})


def test_another_authority_is_told_and_nothing_is_sent(repository_of: Path, tmp_path: Path) -> None:
    """The password is kept: what was wrong is the file."""
    import directory

    directory.write_certificates(tmp_path, ("localhost",))
    shutil.copy(tmp_path / "ca.pem", tmp_path / "environments/local/ca.pem")
    told = login_desk.keep(repository_of, "local", {"bind_password": PASSWORD})
    assert told[0].startswith(given.NOT_ASKED) and "certificate" in told[0].lower()
