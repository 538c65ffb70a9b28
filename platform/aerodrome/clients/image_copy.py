"""An image goes from one registry to another as it is, byte for byte: its digest stays (httpx)."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx

from aerodrome.clients.registry import KINDS, Registry
from aerodrome.errors import AerodromeError
from aerodrome.progress import Progress

_PIECE = 4 * 1024 * 1024
_FOREIGN = "foreign"


@dataclass(frozen=True)
class Place:
    """The repository of an image in a registry.

    *layers*: layer → repository of the registry that has it, as copies note it that share this.
    """

    registry: Registry
    repository: str
    layers: dict[str, str] = field(default_factory=dict)

    def __str__(self) -> str:
        """Return what builders call it."""
        return f"{self.registry.host}/{self.repository}"


def copy(source: Place, digest: str, target: Place, tag: str, say: Progress) -> None:
    """Have *target* hold the image *digest* of *source* under *tag*; what its registry has is not sent again."""
    with _reading(source, digest) as here, _writing(target) as there:
        _Copy(source, here, target, there, say).manifest(digest, tag)


@dataclass(frozen=True)
class _Copy:
    source: Place
    here: httpx.Client
    target: Place
    there: httpx.Client
    say: Progress

    def manifest(self, digest: str, name: str) -> None:
        """Send a manifest after all that it names, known as *name* then: a tag, or its own digest."""
        found = _good(self.here.get(_manifest(self.source, digest), headers={"Accept": KINDS}), self.source)
        document = json.loads(found.content)
        for each in document.get("manifests", ()):
            self.manifest(each["digest"], each["digest"])
        for each in (*([document["config"]] if "config" in document else []), *document.get("layers", ())):
            self._blob(each)
        headers = {"Content-Type": found.headers["content-type"]}
        answer = self.there.put(_manifest(self.target, name), content=found.content, headers=headers)
        said = _good(answer, self.target).headers.get("docker-content-digest", digest)
        if said != digest:
            raise AerodromeError(
                f"{self.target}: {digest} came there as {said}", "is something between the two?"
            )

    def _blob(self, each: Mapping[str, Any]) -> None:
        digest = each["digest"]
        if _FOREIGN in each.get("mediaType", "") or self._is_there(digest):
            return
        place = self._upload(digest)
        if place is None:
            return
        self.say(f"{digest[7:19]}, {each.get('size', 0) / 1e6:.1f} MB")
        with self.here.stream("GET", f"/v2/{self.source.repository}/blobs/{digest}") as found:
            _good(found, self.source)
            headers = {"Content-Length": str(each["size"]), "Content-Type": "application/octet-stream"}
            # The registry refuses what is not its digest.
            answer = self.there.put(
                place.copy_merge_params({"digest": digest}), content=found.iter_bytes(_PIECE), headers=headers
            )
        _good(answer, self.target)
        self.target.layers[digest] = self.target.repository

    def _upload(self, digest: str) -> httpx.URL | None:
        """Return where to send a layer; None where the registry takes it from another repository of its own."""
        known = self.target.layers.get(digest)
        mount = {"mount": digest, "from": known} if known else {}
        answer = _good(self.there.post(_uploads(self.target), params=mount), self.target)
        return (
            None if answer.status_code == httpx.codes.CREATED else answer.url.join(answer.headers["location"])
        )

    def _is_there(self, digest: str) -> bool:
        return self.there.head(f"/v2/{self.target.repository}/blobs/{digest}").is_success


@contextmanager
def _reading(place: Place, digest: str) -> Iterator[httpx.Client]:
    with _told(place), place.registry.opened("HEAD", _manifest(place, digest)) as (client, answer):
        _good(answer, place)
        yield client


@contextmanager
def _writing(place: Place) -> Iterator[httpx.Client]:
    with _told(place), place.registry.opened("POST", _uploads(place)) as (client, answer):
        _good(answer, place)
        yield client


@contextmanager
def _told(place: Place) -> Iterator[None]:
    try:
        yield
    except (httpx.HTTPError, httpx.InvalidURL) as problem:
        host = problem.request.url.host if isinstance(problem, httpx.RequestError) else place.registry.host
        raise AerodromeError(
            f"{place}: no answer from {host}: {problem}", "start it again: it goes on"
        ) from None


def _good(answer: httpx.Response, place: Place) -> httpx.Response:
    if answer.is_success:
        return answer
    if answer.status_code in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
        raise AerodromeError(
            f"{place}: the registry refuses ({answer.status_code})", place.registry.login_remedy
        )
    what = f"{answer.request.method} {answer.request.url.path}"
    raise AerodromeError(
        f"{place}: {what} is answered with {answer.status_code}", "look at the registry's log"
    )


def _manifest(place: Place, name: str) -> str:
    return f"/v2/{place.repository}/manifests/{name}"


def _uploads(place: Place) -> str:
    return f"/v2/{place.repository}/blobs/uploads/"
