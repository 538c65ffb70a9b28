"""Programs that build and push images: buildah, and docker with buildx."""

from __future__ import annotations

import json
import os
import re
import shutil
import signal
import subprocess
import tempfile
import threading
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from aerodrome.clients.registry import Login, docker_folder, with_kept
from aerodrome.errors import AerodromeError, UserError
from aerodrome.progress import Progress, silent

_DIGEST = re.compile(r"sha256:[0-9a-f]{64}")
_STEP = re.compile(r"^(?:\[\d+/\d+\] )?STEP (\d+/\d+): (\w+)|^#\d+ \[\w* ?(\d+/\d+)\] (\w+)")
_LINES = 12
_LONGEST_SECONDS = 3600
_TO_CLEAR_SECONDS = 30


@dataclass(frozen=True)
class Order:
    """What to build: the *folder* with everything in it, by which Dockerfile, arguments, labels and network."""

    folder: Path
    file: str
    arguments: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    network: Literal["none", "default", "host"] = "none"


@dataclass(frozen=True)
class Builder:
    """Builds, and pushes as *login* where there is one; what it does, *say* hears."""

    program: Literal["buildah", "docker"]
    login: Login | None = None
    plain_http: bool = False
    say: Progress = silent

    def build_and_push(self, order: Order, reference: str) -> str:
        """Return the digest that the registry knows the new image *reference* by; AerodromeError says what failed.

        Times in layers are reset: the same files make the same layers.
        """
        if shutil.which(self.program) is None:
            remedy = f"install {self.program} on the machine that deploys, or name another as images.builder"
            raise UserError(f"{self.program} builds the images of this environment, and is not here", remedy)
        with tempfile.TemporaryDirectory(prefix="aerodrome-push-") as place:
            work = self._buildah if self.program == "buildah" else self._docker
            return work(order, reference, Path(place))

    def _buildah(self, order: Order, reference: str, place: Path) -> str:
        secure = f"--tls-verify={str(not self.plain_http).lower()}"
        own = ("--layers", *_network(order), "--timestamp=0", "--format=oci", secure)
        # Smaller and faster than gzip; containerd has known it for years.
        packed = ("--format=oci", "--compression-format=zstd", "--compression-level=3", secure)
        kept = ("--digestfile", str(place / "digest"))
        with _auth_file(self.login, reference, place) as auth:
            # What an image begins with may lie in that registry alone.
            known = ("--authfile", str(auth)) if auth else ()
            asked = _asked(order, reference)
            self._run(["buildah", "build", *own, *known, *asked, str(order.folder)], reference)
            self.say(f"pushing {reference}")
            there = (reference, f"docker://{reference}")
            self._run(["buildah", "push", "--quiet", *packed, *kept, *known, *there], reference)
        return _digest((place / "digest").read_text(encoding="utf-8"), reference)

    def _docker(self, order: Order, reference: str, place: Path) -> str:
        result = "type=image,push=true,rewrite-timestamp=true,compression=zstd,compression-level=3"
        insecure = ",registry.insecure=true" if self.plain_http else ""
        told = ("--metadata-file", str(place / "told.json"), "--output", result + insecure)
        own = (
            *_network(order),
            "--progress=plain",
            "--provenance=false",
            "--build-arg",
            "SOURCE_DATE_EPOCH=0",
        )
        with _auth_file(self.login, reference, place) as auth:
            known = _docker_settings(auth) if auth else {}
            command = ["docker", "buildx", "build", *own, *told, *_asked(order, reference), str(order.folder)]
            self._run(command, reference, known)
        told_of = json.loads((place / "told.json").read_text(encoding="utf-8"))
        return _digest(str(told_of.get("containerimage.digest", "")), reference)

    def _run(self, command: Sequence[str], reference: str, known: Mapping[str, str] | None = None) -> None:
        code, lines = _run(command, {**os.environ, **(known or {})}, self._hear)
        if code:
            told = "\n    ".join(lines) or "it said nothing"
            remedy = "mend what it names, then make images again: what was pushed stays"
            raise AerodromeError(f"{' '.join(command[:2])} of {reference} failed:\n    {told}", remedy)

    def _hear(self, line: str) -> None:
        if found := _STEP.match(line):
            number, word = (found[1], found[2]) if found[1] else (found[3], found[4])
            self.say(f"step {number}: {word}")


def _docker_settings(auth: Path) -> dict[str, str]:
    # Builders are kept beside the logins, and are wanted still.
    builders = os.environ.get("BUILDX_CONFIG") or str(docker_folder() / "buildx")
    return {"DOCKER_CONFIG": str(auth.parent), "BUILDX_CONFIG": builders}


def _network(order: Order) -> list[str]:
    return [] if order.network == "default" else [f"--network={order.network}"]


def _asked(order: Order, reference: str) -> list[str]:
    arguments = [
        part for name, value in sorted(order.arguments.items()) for part in ("--build-arg", f"{name}={value}")
    ]
    labels = [part for name, value in sorted(order.labels.items()) for part in ("--label", f"{name}={value}")]
    return [*arguments, *labels, "--file", str(order.folder / order.file), "--tag", reference]


def _run(
    command: Sequence[str], environment: Mapping[str, str], hear: Callable[[str], None]
) -> tuple[int, list[str]]:
    lines: deque[str] = deque(maxlen=_LINES)
    process = subprocess.Popen(
        command,
        env=dict(environment),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
        # Ctrl-C is for us to pass on: a builder that is told twice leaves its containers.
        start_new_session=True,
    )
    with process, _limited(process, lines):
        for line in process.stdout or ():
            lines.append(line.rstrip())
            hear(line)
        return process.wait(), list(lines)


@contextmanager
def _limited(process: subprocess.Popen[str], lines: deque[str]) -> Iterator[None]:
    """End *process* and all that it has started when its time is over, as *lines* tell then, or this block fails."""

    def end() -> None:
        lines.append(f"not finished after {_LONGEST_SECONDS} seconds")
        _end(process)

    clock = threading.Timer(_LONGEST_SECONDS, end)
    clock.daemon = True
    clock.start()
    try:
        yield
    except BaseException:
        _end(process)
        raise
    finally:
        clock.cancel()


def _end(process: subprocess.Popen[str]) -> None:
    with suppress(ProcessLookupError, subprocess.TimeoutExpired):
        os.killpg(process.pid, signal.SIGTERM)
        process.wait(_TO_CLEAR_SECONDS)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


@contextmanager
def _auth_file(login: Login | None, reference: str, place: Path) -> Iterator[Path | None]:
    """Yield a file with the login that both programs read, gone afterwards; None where they keep their own."""
    if login is None:
        yield None
        return
    path = place / "config.json"
    path.touch(mode=0o600)
    try:
        path.write_text(with_kept(reference.partition("/")[0], login), encoding="utf-8")
        yield path
    finally:
        path.unlink()


def _digest(text: str, reference: str) -> str:
    if not (found := _DIGEST.search(text)):
        raise AerodromeError(
            f"{reference} was pushed, and no digest was told", "is the builder a current version?"
        )
    return found[0]
