"""Which cluster a deploy goes to, by the kubeconfig that says so."""

from __future__ import annotations

import json
import os
import stat
from pathlib import Path
from typing import Any

import pytest
import yaml
from aerodrome.clients.cluster_access import Access, Held, access, select, without_data
from aerodrome.errors import UserError


def kubeconfig(*names: str, current: str | None = None, **cluster: Any) -> dict[str, Any]:
    """Return a kubeconfig with a context for each of *names*."""
    server = {"server": "https://{}:6443", **cluster}
    return {
        "clusters": [
            {"name": name, "cluster": {key: text.format(name) for key, text in server.items()}}
            for name in names
        ],
        "users": [{"name": name, "user": {"token": f"of {name}"}} for name in names],
        "contexts": [{"name": name, "context": {"cluster": name, "user": name}} for name in names],
        "current-context": current,
    }


def written(folder: Path, name: str, config: object) -> str:
    """Return the path of *config* as a file."""
    (folder / name).write_text(config if isinstance(config, str) else yaml.safe_dump(config))
    return str(folder / name)


def test_the_current_context_is_taken(tmp_path: Path) -> None:
    """With nothing of the other ones."""
    found = access(kubeconfig=written(tmp_path, "a", kubeconfig("dev", "prod", current="prod")))
    assert (found.context, found.server, found.user) == ("prod", "https://prod:6443", {"token": "of prod"})
    assert "dev" not in json.dumps(found.config)
    assert "of prod" not in repr(found)


def test_a_named_context_is_taken_instead(tmp_path: Path) -> None:
    """Whatever the current one is."""
    file = written(tmp_path, "a", kubeconfig("dev", "prod", current="prod"))
    assert access("dev", file).server == "https://dev:6443"


def test_the_first_of_several_files_counts(tmp_path: Path) -> None:
    """As kubectl has it, for each name and for the current context; a missing file is none."""
    first = written(tmp_path, "a", kubeconfig("dev"))
    second = written(tmp_path, "b", kubeconfig("dev", "prod", current="prod", server="https://second"))
    found = f"{tmp_path}/none{os.pathsep}{first}{os.pathsep}{second}"
    assert access(kubeconfig=found).server == "https://second"
    assert access("dev", found).server == "https://dev:6443"


def test_paths_are_beside_the_file_they_stand_in(tmp_path: Path) -> None:
    """And not beside wherever somebody works."""
    file = written(tmp_path, "a", kubeconfig("dev", current="dev", **{"certificate-authority": "ca.crt"}))
    assert access(kubeconfig=file).cluster["certificate-authority"] == str(tmp_path / "ca.crt")


@pytest.mark.parametrize(
    ("config", "context", "message"),
    [
        (kubeconfig("dev"), None, "no current context\n    `kubectl config use-context` sets one"),
        (kubeconfig("dev"), "de", "no context 'de'\n    did you mean"),
        (kubeconfig("dev", server=""), "dev", "context dev: its cluster has no address"),
        ("clusters: [", None, "is no kubeconfig\n    set KUBECONFIG to a file that `kubectl` works with"),
        ("- a\n- b\n", None, "is no kubeconfig"),
        ("\x00", None, "is no kubeconfig"),
        ({"contexts": [{"context": {}}]}, "dev", "is no kubeconfig"),
        ({"contexts": ["dev"]}, "dev", "is no kubeconfig"),
        ({"contexts": [{"name": "dev"}]}, "dev", "context dev: its cluster has no address"),
    ],
)
def test_what_names_no_cluster_is_told(
    tmp_path: Path, config: object, context: str | None, message: str
) -> None:
    """With the file, and what to do."""
    file = written(tmp_path, "a", config)
    with pytest.raises(UserError) as raised:
        access(context, file)
    assert str(raised.value).startswith(f"{file}: {message}")


def test_without_a_user_there_is_no_login() -> None:
    """Some clusters on a machine of one's own let everybody in."""
    config = kubeconfig("dev")
    assert select({**config, "users": []}, "dev", "here").user == {}


def test_keys_are_files_that_nobody_else_sees() -> None:
    """They are gone with what holds them."""
    held = Held(b"secret")
    path = Path(held.path)
    assert path.read_bytes() == b"secret"
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    del held
    assert not path.exists()


def test_a_key_that_is_no_base64_is_told() -> None:
    """With the field, and without the key."""
    with pytest.raises(UserError, match="here: client-key-data is no base64") as raised:
        without_data({"client-key-data": "§secret"}, "here")
    assert "§secret" not in str(raised.value)


def test_an_access_shows_no_secret() -> None:
    """In whatever log it lands."""
    assert "of dev" not in str(Access(kubeconfig("dev"), "here"))
