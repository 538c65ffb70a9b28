#!/usr/bin/python
"""Ansible module: a virtual environment per version, made whole or not at all, and a link to the current one."""

from __future__ import annotations

import errno
import fcntl
import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

DOCUMENTATION = r"""
module: python_runtime_version
short_description: Makes a version of the platform's virtual environment and switches to it
description:
  - Builds it from files that were brought to the folder .staging, marks it as complete, replaces the link
    current in one step and removes versions that are neither current nor recent nor run by a process.
options:
  folder: {description: Folder of all versions., type: path, required: true}
  digest: {description: Name of the version., type: str, required: true}
  program: {description: Python to stand on., type: path, required: true}
  wheel: {description: File name of the platform's own wheel., type: str, required: true}
  wheelhouse: {description: Whether the packages were brought too., type: bool, default: false}
  index_url: {description: Package index., type: str, default: ""}
  keep: {description: How many versions stay., type: int, default: 2}
"""
EXAMPLES = r"""
- name: Make the version
  python_runtime_version:
    folder: /opt/aerodrome
    digest: 0123abcd
    program: /usr/bin/python3.11
    wheel: aerodrome-0.1.0-py3-none-any.whl
"""
RETURN = r"""
removed: {description: Versions that were removed., type: list, returned: always}
"""

CERTIFICATES = "/etc/ssl/certs/ca-certificates.crt"
LEAST_FREE_MIB = 64
AGAIN = "and run this again; the version that is there goes on"
WHEELHOUSE = "packages.tar.gz"


class FailedError(Exception):
    """What went wrong, and what to do."""

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class Versions:
    """The versions in a folder, of which one may be missing."""

    def __init__(self, parameters: dict[str, Any]) -> None:
        self.folder = Path(parameters["folder"])
        self.staging = self.folder / ".staging"
        self.target = self.folder / "versions" / parameters["digest"]
        self.link = self.folder / "current"
        self.uv = self.folder / "uv/bin/uv"
        self.parameters = parameters

    def is_made(self) -> bool:
        """Return whether the version is whole."""
        return (self.target / ".complete").exists()

    def is_current(self) -> bool:
        """Return whether the link leads to the version."""
        return self.link.is_symlink() and self.link.resolve() == self.target.resolve()

    def make(self) -> None:
        """Build the version; nothing of it is left where that fails."""
        self._require_python()
        self.target.parent.mkdir(mode=0o755, exist_ok=True)
        shutil.rmtree(self.target, ignore_errors=True)
        try:
            self._run(self.parameters["program"], "-m", "venv", "--without-pip", self.target)
            if self.parameters["wheelhouse"]:
                self._unpack()
            self._make_uv()
            self._install()
            # uv's: everybody could open it, and hold it for ever.
            (self.target / ".lock").unlink(missing_ok=True)
            (self.target / ".complete").touch()
        except BaseException:
            shutil.rmtree(self.target, ignore_errors=True)
            raise

    def switch(self) -> None:
        """Let the link lead to the version, in one step."""
        new = self.folder / ".current"
        new.unlink(missing_ok=True)
        new.symlink_to(Path("versions", self.target.name))
        new.replace(self.link)

    def superfluous(self) -> list[Path]:
        """Return the versions that nobody needs any more."""
        found = sorted((self.folder / "versions").glob("*"), key=_age, reverse=True)
        old = [path for path in found if path != self.target][max(self.parameters["keep"] - 1, 0) :]
        return [path for path in old if not _is_used(path)] if old else []

    def _require_python(self) -> None:
        program = self.parameters["program"]
        call = "import ensurepip, sys; print('%d.%d' % sys.version_info[:2])"
        try:
            done = subprocess.run([program, "-c", call], capture_output=True, text=True, check=False)
        except OSError:
            raise FailedError(
                f"there is no Python at {program}", f"install it, or change hosts.python.program, {AGAIN}"
            ) from None
        if done.returncode:
            raise FailedError(f"{program} cannot make virtual environments", f"install python3-venv, {AGAIN}")
        if done.stdout.strip() != "3.11":
            raise FailedError(
                f"{program} is Python {done.stdout.strip()}, not 3.11", "change hosts.python.program"
            )

    def _unpack(self) -> None:
        self._run("tar", "-xzf", self.staging / WHEELHOUSE, "--no-same-owner", "-C", self.target)
        here, meant = os.uname().machine, (self.target / "machine").read_text()
        if here != meant:
            remedy = "change hosts.python.wheelhouse to false: it installs from an index then"
            raise FailedError(f"its processor is {here}, the packages that came are for {meant}", remedy)

    def _make_uv(self) -> None:
        digest = hashlib.sha256((self.staging / "uv.lock").read_bytes()).hexdigest()
        note = self.folder / "uv/.lock"
        if self.uv.exists() and note.exists() and note.read_text() == digest:
            return
        made = self.target / "bin/uv" if self.parameters["wheelhouse"] else self._fetched_uv()
        self.uv.parent.mkdir(mode=0o755, parents=True, exist_ok=True)
        shutil.copy(made, self.uv.with_name(".uv"))
        self.uv.with_name(".uv").replace(self.uv)
        note.write_text(digest)

    def _fetched_uv(self) -> Path:
        place = self.staging / "uv"
        self._run(self.parameters["program"], "-m", "venv", place)
        options = ["--quiet", "--disable-pip-version-check", "--no-deps", "--only-binary", ":all:"]
        self._run(place / "bin/python", "-m", "pip", "install", *options, *self._source("uv.lock"))
        return place / "bin/uv"

    def _install(self) -> None:
        python = self.target / "bin/python"
        # Whoever runs them may not write there, and would compile them again at each start.
        how = ["--quiet", "--no-config", "--no-deps", "--compile-bytecode"]
        pip = [self.uv, "pip", "install", *how, "--python", python]
        if not self.parameters["wheelhouse"]:
            self._run(*pip, *self._source("packages.lock"))
        self._run(*pip, "--no-index", self.staging / self.parameters["wheel"])

    def _source(self, lock: str) -> list[str | Path]:
        index = ["--index-url", self.parameters["index_url"]] if self.parameters["index_url"] else []
        return [*index, "--require-hashes", "-r", self.staging / lock]

    def _run(self, *command: str | Path) -> None:
        done = subprocess.run(
            [str(part) for part in command],
            env=self._environment(),
            capture_output=True,
            text=True,
            check=False,
        )
        if done.returncode:
            raise _failure(done.stderr + done.stdout, self.folder)

    def _environment(self) -> dict[str, str]:
        own = {
            "UV_CACHE_DIR": str(self.staging / "cache"),
            "UV_PYTHON_DOWNLOADS": "never",
            "TMPDIR": str(self.staging),
        }
        if Path(CERTIFICATES).exists():
            own |= {"SSL_CERT_FILE": CERTIFICATES, "PIP_CERT": CERTIFICATES}
        return {**os.environ, **own, "HOME": "/root", "LANG": "C.UTF-8"}


def _age(path: Path) -> float:
    mark = path / ".complete"
    return mark.stat().st_mtime if mark.exists() else 0.0


def _is_used(version: Path) -> bool:
    """Return whether a process has the version's path in its memory, arguments or folder."""
    return any(os.fsencode(version) in told for told in _processes())


def _processes() -> Iterator[bytes]:
    for process in Path("/proc").glob("[0-9]*"):
        for name in ("maps", "cmdline", "environ"):
            try:
                yield (process / name).read_bytes()
            except OSError:
                continue
        try:
            yield os.fsencode((process / "cwd").readlink())
        except OSError:
            continue


def _failure(output: str, folder: Path) -> FailedError:
    told = _essence(output)
    # Not every program passes on why it failed.
    if "No space left on device" in output or "os error 28" in output or _free_mib(folder) < LEAST_FREE_MIB:
        return _disk_full(folder)
    if re.search(r"hash(es)? mismatch|do not match the hashes", output, re.IGNORECASE):
        return FailedError(
            f"a package is not the one that the lock names: {told}", "look at the package source"
        )
    if re.search(
        r"dns error|error sending request|connection|timed out|certificate|Failed to fetch|status code",
        output,
        re.IGNORECASE,
    ):
        remedy = f"look at hosts.python (index_url, wheelhouse) and at what the host reaches, {AGAIN}"
        return FailedError(f"its package source does not answer: {told}", remedy)
    return FailedError(
        f"the packages cannot be installed: {told}", f"look at hosts.python and at the lock, {AGAIN}"
    )


def _disk_full(folder: Path) -> FailedError:
    return FailedError(
        f"its disk is full: {_free_mib(folder)} MiB are free below {folder}", f"make room {AGAIN}"
    )


def _free_mib(folder: Path) -> int:
    return shutil.disk_usage(folder).free >> 20


def _essence(output: str) -> str:
    lines = [re.sub(r"^[^\w(]+", "", line).strip() for line in output.splitlines()]
    told = [
        line for line in lines if line and not line.startswith(("WARNING", "warning", "Using", "Looking"))
    ]
    # Addresses of indexes may hold a password.
    return re.sub(r"://[^@/\s]+@", "://", " ".join(told))[-400:] or "nothing was said"


def _done(versions: Versions, check: bool) -> dict[str, Any]:
    changed = not (versions.is_made() and versions.is_current())
    if check:
        return {"changed": changed, "removed": []}
    if not versions.is_made():
        versions.make()
    if not versions.is_current():
        versions.switch()
    removed = versions.superfluous()
    for path in removed:
        shutil.rmtree(path, ignore_errors=True)
    return {"changed": changed or bool(removed), "removed": [path.name for path in removed]}


def main() -> None:
    """Do what the parameters say."""
    text: dict[str, Any] = {"type": "str", "required": True}
    specification = {
        "folder": {**text, "type": "path"},
        "digest": text,
        "program": {**text, "type": "path"},
        "wheel": text,
        "wheelhouse": {"type": "bool", "default": False},
        "index_url": {"type": "str", "default": ""},
        "keep": {"type": "int", "default": 2},
    }
    module = AnsibleModule(argument_spec=specification, supports_check_mode=True)
    versions = Versions(module.params)
    # Every user of the host reads it, also where root is used to keep files to itself.
    os.umask(0o022)
    try:
        versions.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        with (versions.folder / ".lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            result = _done(versions, module.check_mode)
    except FailedError as problem:
        _end(module, versions, problem)
    except OSError as problem:
        other = FailedError(f"{problem.filename}: {problem.strerror}", f"mend that on the host, {AGAIN}")
        _end(module, versions, _disk_full(versions.folder) if problem.errno == errno.ENOSPC else other)
    else:
        if not module.check_mode:
            shutil.rmtree(versions.staging, ignore_errors=True)
        module.exit_json(**result)


def _end(module: AnsibleModule, versions: Versions, problem: FailedError) -> None:
    shutil.rmtree(versions.staging, ignore_errors=True)
    module.fail_json(msg=str(problem), remedy=problem.remedy)


if __name__ == "__main__":
    main()
