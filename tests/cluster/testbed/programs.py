"""The programs of a cluster, compiled from pinned Go modules, and kept by the digest of what they are made of."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from debian import ensure
from fleet.image import cache
from fleet.turns import turn

SOURCE = Path(__file__).resolve().parents[1] / "programs"
OLDEST_GO = (1, 24)
# A name of a module, like all others: Debian's Go, which is too old for Kubernetes, fetches it as one.
TOOLCHAIN = "golang.org/toolchain@v0.0.1-go1.24.13.linux-amd64"
_VERSION = ("k8s.io/client-go/pkg/version", "k8s.io/component-base/version")


@dataclass(frozen=True)
class Program:
    """A *package* of the Go module in the folder *module*, and what is told to the linker."""

    module: str
    package: str
    linker: str = ""


class BuildError(Exception):
    """A program cannot be compiled; the text says why."""


def compiled(say: Callable[[str], None] = print) -> Path:
    """Return the folder with all programs of :func:`wanted`, compiled first where they are missing."""
    folder = cache() / f"kubernetes-{digest()}"
    with turn("kubernetes-programs"):
        folder.mkdir(exist_ok=True)
        missing = {name: program for name, program in wanted().items() if not (folder / name).exists()}
        if missing:
            go = _go(say)
            say(f"compiling {', '.join(missing)}: some minutes, once ({folder})")
            for name, program in missing.items():
                _compile(go, program, folder / name)
                say(f"compiled {name}")
        _forget_others(folder)
    return folder


def wanted() -> dict[str, Program]:
    """Return name → program."""
    kubernetes = {
        name: Program("kubernetes", f"k8s.io/kubernetes/cmd/{name}", _told(_kubernetes()))
        for name in ("kube-apiserver", "kube-controller-manager", "kube-scheduler", "kube-proxy", "kubelet")
    }
    return {
        "etcd": Program("kubernetes", "go.etcd.io/etcd/server/v3"),
        **kubernetes,
        "coredns": Program("coredns", "."),
        "kube-router": Program("kube-router", "github.com/cloudnativelabs/kube-router/v2/cmd/kube-router"),
        "pause": Program("pause", "."),
        "probe": Program("probe", "."),
    }


def digest() -> str:
    """Return the digest of everything that the programs are made of."""
    made = hashlib.sha256(repr(sorted(wanted().items())).encode())
    for path in sorted(path for path in SOURCE.rglob("*") if path.is_file()):
        made.update(f"{path.relative_to(SOURCE)}\0{path.read_text(encoding='utf-8')}\0".encode())
    return made.hexdigest()[:16]


def _kubernetes() -> str:
    text = (SOURCE / "kubernetes/go.mod").read_text(encoding="utf-8")
    found = re.search(r"k8s\.io/kubernetes (v\S+)", text)
    assert found, "programs/kubernetes/go.mod requires no Kubernetes"
    return found[1]


def _told(version: str) -> str:
    """Return how the linker is told the *version*, which a client asks for."""
    major, minor, _ = version.removeprefix("v").split(".")
    told = {"gitVersion": version, "gitMajor": major, "gitMinor": minor, "gitTreeState": "clean"}
    return " ".join(f"-X {package}.{key}={value}" for package in _VERSION for key, value in told.items())


def _go(say: Callable[[str], None]) -> str:
    found = shutil.which("go")
    if found and _new_enough(found):
        return found
    ensure(("golang-go",))
    debians = shutil.which("go") or "/usr/bin/go"
    if _new_enough(debians):
        return debians
    say(f"fetching {TOOLCHAIN}: this machine's Go is too old")
    return _toolchain(debians)


def _new_enough(go: str) -> bool:
    told = _run([go, "env", "GOVERSION"], SOURCE / "pause", {})
    version = re.match(r"go(\d+)\.(\d+)", told)
    return bool(version) and tuple(map(int, version.groups())) >= OLDEST_GO


def _toolchain(go: str) -> str:
    _run([go, "mod", "download", TOOLCHAIN], SOURCE / "pause", {"GOFLAGS": "-mod=mod"})
    modules = Path(_run([go, "env", "GOMODCACHE"], SOURCE / "pause", {}).strip())
    folder = modules / TOOLCHAIN
    for program in (*folder.glob("bin/*"), *folder.glob("pkg/tool/*/*")):
        program.chmod(0o755)
    return str(folder / "bin/go")


def _compile(go: str, program: Program, target: Path) -> None:
    unfinished = target.with_suffix(".unfinished")
    command = [
        go,
        "build",
        "-trimpath",
        "-ldflags",
        f"-s -w {program.linker}",
        "-o",
        unfinished,
        program.package,
    ]
    # What go.sum names is all that is taken, and is checked against it; no other Go is fetched.
    own = {
        "CGO_ENABLED": "0",
        "GOFLAGS": "-mod=readonly -buildvcs=false",
        "GOTOOLCHAIN": "local",
        "GOWORK": "off",
    }
    _run([*map(str, command)], SOURCE / program.module, own)
    unfinished.replace(target)


def _run(command: list[str], folder: Path, own: dict[str, str]) -> str:
    done = subprocess.run(
        command, cwd=folder, env={**os.environ, **own}, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise BuildError(f"{' '.join(command[1:3])} failed in {folder}:\n{done.stderr[-2000:]}")
    return done.stdout


def _forget_others(kept: Path) -> None:
    for path in kept.parent.glob("kubernetes-*"):
        if path != kept:
            shutil.rmtree(path)
