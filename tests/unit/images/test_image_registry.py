"""What a registry has, and who asks it."""

from __future__ import annotations

import base64
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from aerodrome.clients.registry import Login, Registry, kept_login
from aerodrome.errors import AerodromeError
from directory import write_certificates
from free_ports import free_port
from image_registry import DIGEST, ImageRegistry, image_registry

LOGIN = Login("deployer", "a-secret-word")
BASIC = "Basic " + base64.b64encode(b"deployer:a-secret-word").decode()


def said(registry: ImageRegistry, login: Login | None = None) -> str:
    """Return what is said where the registry's digest of an image is not told."""
    with pytest.raises(AerodromeError) as told:
        Registry(registry.host, login, plain_http=True).digest("x/platform", "t1")
    return str(told.value).replace(registry.host, "HOST")


def keep(place: Path, host: str, user: str, password: str) -> None:
    """Keep a login as docker and buildah do."""
    text = base64.b64encode(f"{user}:{password}".encode()).decode()
    place.parent.mkdir(parents=True, exist_ok=True)
    place.write_text(json.dumps({"auths": {host: {"auth": text}}}))


def test_an_image_is_known_by_its_digest(registry: ImageRegistry) -> None:
    """One that is not there is no failure."""
    registry.images["x/platform:t1"] = DIGEST
    asked = Registry(registry.host, plain_http=True)
    assert asked.digest("x/platform", "t1") == DIGEST
    assert asked.digest("x/platform", "t2") is None and asked.digest("y", "t1") is None


def test_who_may_not_read_is_told_how_to_log_in(registry: ImageRegistry) -> None:
    """With the program, and the registry to name."""
    registry.needs = BASIC
    assert said(registry) == (
        "HOST/x/platform: the registry refuses (401)\n"
        "    log in as somebody who may read and push there: buildah login HOST, or docker login"
    )


def test_a_wrong_login_is_refused_without_its_password(registry: ImageRegistry) -> None:
    """Neither as it is nor encoded."""
    registry.needs = "Basic other"
    told = said(registry, LOGIN)
    assert "refuses (401)" in told and LOGIN.password not in told and BASIC[6:] not in told


def test_a_login_is_shown(registry: ImageRegistry) -> None:
    """At once: no answer needs to ask for it."""
    registry.needs, registry.images["x:t"] = BASIC, DIGEST
    assert Registry(registry.host, LOGIN, plain_http=True).digest("x", "t") == DIGEST
    assert [asked.shown for asked in registry.asked] == [BASIC]


@pytest.fixture
def lender(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, registry: ImageRegistry
) -> Iterator[ImageRegistry]:
    """Lends tokens over TLS to those whom the registry sends there."""
    write_certificates(tmp_path, ["localhost"])
    monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
    with image_registry(tmp_path / "server.pem", tmp_path / "server.key") as server:
        realm = f'realm="https://localhost:{server.server_port}/token"'
        registry.challenge = f'Bearer {realm},service="s",scope="repository:x:pull"'
        registry.needs, registry.images["x:t"] = "Bearer lent", DIGEST
        yield server


def test_a_registry_that_lends_tokens_is_asked_with_one(
    registry: ImageRegistry, lender: ImageRegistry
) -> None:
    """The login goes to who lends them, with the scope that was asked for."""
    assert Registry(registry.host, LOGIN, plain_http=True).digest("x", "t") == DIGEST
    assert [tuple(asked) for asked in lender.asked] == [
        ("/token?service=s&scope=repository%3Ax%3Apull", BASIC)
    ]


@pytest.mark.parametrize("answer", [b"<html>", b"[]", b"{}", b'{"token": ""}'])
def test_who_lends_no_token_is_one_who_refuses(
    registry: ImageRegistry, lender: ImageRegistry, answer: bytes
) -> None:
    """Whatever it answers instead."""
    lender.token = answer
    with pytest.raises(AerodromeError, match=r"/x: the registry refuses \(401\)"):
        Registry(registry.host, LOGIN, plain_http=True).digest("x", "t")


def test_no_password_goes_where_there_is_no_tls(registry: ImageRegistry) -> None:
    """A registry could send everybody there."""
    with image_registry() as other:
        registry.needs = "Bearer lent"
        registry.challenge = f'Bearer realm="http://{other.host}/token",service="s"'
        assert "refuses (401)" in said(registry, LOGIN)
        assert other.asked == []


@pytest.mark.parametrize("realm", ["https://[", "https://", "https://localhost:1/token"])
def test_a_realm_that_leads_nowhere_is_told(registry: ImageRegistry, realm: str) -> None:
    """No traceback, whatever the registry sends."""
    registry.needs, registry.challenge = "Bearer lent", f'Bearer realm="{realm}"'
    assert said(registry, LOGIN).startswith("HOST/x/platform: no answer from the registry: ")


@pytest.mark.parametrize("digest", ["", "sha256:short"])
def test_what_tells_no_digest_is_no_registry(registry: ImageRegistry, digest: str) -> None:
    """A web server that answers everything, for one."""
    registry.images["x/platform:t1"] = digest
    assert said(registry) == (
        "HOST/x/platform: the registry answers 200 without a digest\n"
        "    is it a registry of images (images.registry)?"
    )


def test_a_registry_that_is_not_there_is_told() -> None:
    """With the setting that names it."""
    host = f"127.0.0.1:{free_port()}"
    with pytest.raises(AerodromeError) as told:
        Registry(host, plain_http=True).digest("x", "t")
    assert str(told.value) == (
        f"{host}/x: no answer from the registry: [Errno 111] Connection refused\n"
        "    look at images.registry of the environment, and whether this machine reaches it"
    )


def test_a_registry_with_tls_is_not_asked_without_it(registry: ImageRegistry) -> None:
    """But where `plain_http` says so."""
    with pytest.raises(AerodromeError, match="no answer from the registry"):
        Registry(registry.host, LOGIN).digest("x", "t")
    assert registry.asked == []


def test_a_kept_login_is_found_where_both_programs_keep_it(nobodys_home: Path, tmp_path: Path) -> None:
    """Docker's, buildah's before it, and before both the file that is named."""
    keep(nobodys_home / ".docker/config.json", "r.example.org", "docker", "p1")
    assert kept_login("r.example.org") == Login("docker", "p1")
    keep(tmp_path / "XDG_RUNTIME_DIR/containers/auth.json", "r.example.org", "buildah", "p2")
    assert kept_login("r.example.org") == Login("buildah", "p2")
    assert kept_login("other.example.org") is None


def test_a_file_that_is_named_comes_first(
    nobodys_home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As with buildah itself."""
    keep(nobodys_home / ".docker/config.json", "r.example.org", "docker", "p1")
    keep(tmp_path / "own.json", "r.example.org", "named", "p:3")
    monkeypatch.setenv("REGISTRY_AUTH_FILE", str(tmp_path / "own.json"))
    assert kept_login("r.example.org") == Login("named", "p:3")


@pytest.mark.parametrize(
    "text",
    [
        "",
        "[]",
        '{"auths": []}',
        '{"auths": {"r": {}}}',
        '{"auths": {"r": {"auth": "//8="}}}',
        '{"auths": {"r": null}}',
        '{"auths": {"r": {"auth": "dXNlcjo="}}}',
    ],
)
def test_a_file_without_a_login_is_none(nobodys_home: Path, text: str) -> None:
    """Half a file, or a login that another program keeps."""
    (nobodys_home / ".docker").mkdir()
    (nobodys_home / ".docker/config.json").write_text(text)
    assert kept_login("r") is None


def test_no_password_is_in_what_errors_show() -> None:
    """Tracebacks and logs show how objects call themselves."""
    assert repr(LOGIN) == "Login('deployer')"
    assert LOGIN.password not in repr(Registry("r.example.org", LOGIN))
