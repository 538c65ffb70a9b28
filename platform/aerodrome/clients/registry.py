"""A registry of images: what it has, by the protocol that all of them speak (httpx)."""

from __future__ import annotations

import base64
import json
import os
import re
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from aerodrome.errors import AerodromeError

KINDS = ", ".join(
    (
        "application/vnd.oci.image.index.v1+json",
        "application/vnd.oci.image.manifest.v1+json",
        "application/vnd.docker.distribution.manifest.list.v2+json",
        "application/vnd.docker.distribution.manifest.v2+json",
    )
)
AT_ONCE = 16
"""Questions that run beside one another."""
_ASKED = re.compile(r'(\w+)="([^"]*)"')
_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_SECONDS = 20


@dataclass(frozen=True)
class Login:
    """Who asks a registry."""

    user: str
    password: str

    def __repr__(self) -> str:
        """Return a text without the password."""
        return f"Login({self.user!r})"


@dataclass(frozen=True)
class Registry:
    """One registry, asked as *login* where there is one."""

    host: str
    login: Login | None = None
    plain_http: bool = False

    def digest(self, repository: str, tag: str) -> str | None:
        """Return `sha256:…` of an image, None where the registry has none of that name; AerodromeError else."""
        return self.digests([(repository, tag)])[0]

    def digests(self, images: Sequence[tuple[str, str]]) -> list[str | None]:
        """Return what :meth:`digest` does for each repository and tag; they are asked beside one another."""
        with self._client() as client, ThreadPoolExecutor(AT_ONCE) as pool:
            return list(pool.map(lambda image: self._digest(client, *image), images))

    def _digest(self, client: httpx.Client, repository: str, tag: str) -> str | None:
        place = f"{self.host}/{repository}"
        answer = self._ask(client, f"/v2/{repository}/manifests/{tag}", place)
        if answer.status_code == httpx.codes.NOT_FOUND:
            return None
        if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            raise AerodromeError(f"{place}: the registry refuses ({answer.status_code})", self.login_remedy)
        digest = str(answer.headers.get("docker-content-digest", ""))
        if answer.is_error or not _DIGEST.fullmatch(digest):
            told = f"the registry answers {answer.status_code} without a digest"
            raise AerodromeError(f"{place}: {told}", "is it a registry of images (images.registry)?")
        return digest

    @contextmanager
    def opened(self, method: str, path: str) -> Iterator[tuple[httpx.Client, httpx.Response]]:
        """Yield a client that may do *method* on *path*, as the registry lets whoever asks for that, and its answer."""
        with self._client() as client:
            answer = client.request(method, path)
            if token := self._token_for(answer):
                client.headers.update(token)
                answer = client.request(method, path)
            yield client, answer

    @property
    def login_remedy(self) -> str:
        """What helps where the registry refuses."""
        return f"log in as somebody who may read and push there: buildah login {self.host}, or docker login"

    def _client(self) -> httpx.Client:
        address = f"{'http' if self.plain_http else 'https'}://{self.host}"
        headers = {"Accept": KINDS, **self._basic()}
        return httpx.Client(base_url=address, timeout=_SECONDS, headers=headers, follow_redirects=True)

    def _token_for(self, answer: httpx.Response) -> dict[str, str]:
        """Return the header with which the registry takes what it refused; empty where it did not, or lends none."""
        if answer.status_code != httpx.codes.UNAUTHORIZED:
            return {}
        return _token(answer.headers.get("www-authenticate", ""), self._basic())

    def _ask(self, client: httpx.Client, path: str, place: str) -> httpx.Response:
        try:
            answer = client.head(path)
            # A token is for one repository, and the client asks for others at the same time.
            if token := self._token_for(answer):
                answer = client.head(path, headers=token)
            return answer
        except (httpx.HTTPError, httpx.InvalidURL) as problem:
            remedy = "look at images.registry of the environment, and whether this machine reaches it"
            raise AerodromeError(f"{place}: no answer from the registry: {problem}", remedy) from None

    def _basic(self) -> dict[str, str]:
        if self.login is None:
            return {}
        text = base64.b64encode(f"{self.login.user}:{self.login.password}".encode()).decode()
        return {"Authorization": f"Basic {text}"}


def _token(asked: str, basic: Mapping[str, str]) -> dict[str, str]:
    """Return the header with the token that a registry sends people for; empty where it sends them nowhere."""
    said = dict(_ASKED.findall(asked))
    realm = said.pop("realm", "")
    if not asked.lower().startswith("bearer ") or not realm.startswith("https://"):
        return {}
    where = httpx.URL(realm).copy_merge_params(said)
    answer = httpx.get(where, headers=dict(basic), timeout=_SECONDS)
    token = _told_token(answer) if answer.is_success else ""
    return {"Authorization": f"Bearer {token}"} if token else {}


def _told_token(answer: httpx.Response) -> str:
    try:
        found = answer.json()
        return str(found.get("token") or found.get("access_token") or "")
    except (ValueError, AttributeError):
        return ""


def kept_login(host: str) -> Login | None:
    """Return the login to *host* that buildah or docker keeps for this user, None where there is none."""
    for kept in _kept():
        try:
            user, _, password = base64.b64decode(kept[host]["auth"]).decode().partition(":")
        except (ValueError, KeyError, TypeError):
            continue
        if password:
            return Login(user, password)
    return None


def with_kept(host: str, login: Login) -> str:
    """Return a file of logins: all that buildah or docker keeps for this user, and to *host* this *login*."""
    found: dict[str, Any] = {}
    for kept in reversed(list(_kept())):
        found |= kept
    text = base64.b64encode(f"{login.user}:{login.password}".encode()).decode()
    return json.dumps({"auths": {**found, host: {"auth": text}}})


def _kept() -> Iterator[dict[str, Any]]:
    for place in _places():
        try:
            found = json.loads(place.read_text(encoding="utf-8"))["auths"]
        except (OSError, ValueError, KeyError, TypeError):
            continue
        if isinstance(found, dict):
            yield found


def _places() -> tuple[Path, ...]:
    """Return where logins are kept, as buildah and docker look for them."""
    running = Path(os.environ.get("XDG_RUNTIME_DIR") or f"/run/user/{os.geteuid()}")
    named = [Path(path) for path in [os.environ.get("REGISTRY_AUTH_FILE")] if path]
    return (*named, running / "containers/auth.json", docker_folder() / "config.json")


def docker_folder() -> Path:
    """Return where docker keeps its settings for this user."""
    return Path(os.environ.get("DOCKER_CONFIG") or Path.home() / ".docker")
