"""A Vault that does not answer: why is told, and where its address and its authority stand."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.clients.vault import Vault
from aerodrome.errors import PLATFORM_FAULT, AerodromeError
from aerodrome.local.machine import certificates
from aerodrome.secrets import access
from example import environment
from image_registry import image_registry

PLACE = "environments/cluster"
UNTRUSTED = "its certificate is not to be trusted: "


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A repository whose commands have a token for the store; its own authority and another one stand there."""
    (tmp_path / PLACE).mkdir(parents=True)
    monkeypatch.setenv(access.TOKEN, "unseen")
    made = certificates.made("127.0.0.1", "vault")
    texts = {"server.pem": made.certificate, "server.key": made.key, "own.pem": made.authority}
    for name, text in {**texts, "other.pem": certificates.new_authority("another").certificate}.items():
        (tmp_path / PLACE / name).write_text(text)
    return tmp_path


@pytest.fixture
def port(root: Path) -> Iterator[int]:
    """A server with a certificate of its own authority for 127.0.0.1."""
    with image_registry(root / PLACE / "server.pem", root / PLACE / "server.key") as server:
        yield server.server_port


def why(root: Path, url: str, **more: str) -> str:
    """Return why the store at *url* is told not to answer; what only looks for it says that it is absent."""
    assert Vault(url, "unseen").state() == "absent"
    with pytest.raises(AerodromeError) as raised:
        access.vault(root, environment("kubernetes", "cluster", vault={"url": url, **more}))
    told, before = raised.value, f"OpenBao at {url} does not answer: "
    assert told.args[0].startswith(before) and told.exit_code == PLATFORM_FAULT
    assert f"url and ca_file of secrets.vault in {PLACE}/environment.yaml" in told.remedy
    return str(told.args[0]).removeprefix(before)


def test_a_port_that_is_closed_is_told(root: Path) -> None:
    """In the machine's words."""
    assert why(root, "https://127.0.0.1:1") == "Connection refused"


def test_a_name_that_nobody_knows_is_told(root: Path) -> None:
    """Where no server of names answers, that is what is told."""
    known = {"Name or service not known", "Temporary failure in name resolution"}
    assert why(root, "https://nowhere.invalid:8200") in known


@pytest.mark.parametrize("more", [{}, {"ca_file": "other.pem"}])
def test_a_certificate_of_another_authority_is_told(root: Path, port: int, more: dict[str, str]) -> None:
    """Where ca_file names another one, and where the public ones count."""
    told = why(root, f"https://127.0.0.1:{port}", **more)
    assert told == f"{UNTRUSTED}unable to get local issuer certificate"


def test_a_certificate_of_another_server_is_told(root: Path, port: int) -> None:
    """With the name that it lacks."""
    told = why(root, f"https://localhost:{port}", ca_file="own.pem")
    assert told.startswith(UNTRUSTED) and "not valid for 'localhost'" in told
