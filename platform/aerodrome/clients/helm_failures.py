"""What helm fails with, in words of ours."""

from __future__ import annotations

import re
from pathlib import Path

from aerodrome.clients.cluster_failures import UnreachableError, forbidden, login_refused
from aerodrome.errors import AerodromeError, UserError
from aerodrome.terminal import visible

_SCHEMA = re.compile(r"don't meet the specifications of the schema")
# "- executor: Invalid type. …" of Helm 3, "- at '/executor': got number, …" of Helm 4.
_KEY = re.compile(r"^\s*- (?:at '(?P<pointer>[^']*)'|(?P<key>[\w.()-]+)): (?P<what>.*)$", re.MULTILINE)
_REFUSED = re.compile(r"execution error at \((?P<place>[^)]+)\): (?P<what>.*)", re.DOTALL)
_BROKEN = re.compile(r"parse error|YAML parse error|template: |error calling|Chart\.yaml|chart metadata")
_KIND = re.compile(r'no matches for kind "(?P<kind>[^"]+)" in version "(?P<version>[^"]+)"')
_FOREIGN = re.compile(
    r'(?P<kind>\w+) "(?P<name>[^"]+)" in namespace "(?P<namespace>[^"]*)" exists and cannot be imported'
)
_VERSION = re.compile(r"chart requires kubeVersion: .*")
_LOGIN = re.compile("Unauthorized|must be logged in|asked for the client to provide credentials")
_LINES = 8


class PendingError(AerodromeError):
    """Another helm works on the release, or was killed while it did."""


def told(stderr: str, chart: Path | None, server: str) -> AerodromeError:
    """Return the error for what helm wrote to *stderr* about a release of *chart* in the cluster at *server*."""
    text = _plain(stderr)
    return _of_values(text, chart) or _of_cluster(text, server) or _of_chart(text, chart) or _other(text)


def _of_values(text: str, chart: Path | None) -> UserError | None:
    if _SCHEMA.search(text):
        keys = [_key(found) for found in _KEY.finditer(text)]
        remedy = "change it in values.yaml of the environment; the chart's README.md lists the keys"
        return UserError(f"values of {chart}: " + "; ".join(keys or [text]), remedy)
    if found := _REFUSED.search(text):
        what = " ".join(found["what"].split())
        return UserError(
            f"values of {chart}: {what} ({found['place']})", "change values.yaml of the environment"
        )
    return None


def _key(found: re.Match[str]) -> str:
    pointer = (found["pointer"] or "").strip("/").replace("/", ".")
    return f"{found['key'] or pointer or 'the whole'}: {found['what']}"


def _of_cluster(text: str, server: str) -> AerodromeError | None:
    if "another operation" in text and "in progress" in text:
        return PendingError("another helm works on the release, or was killed while it did", "deploy again")
    # Helm calls a cluster unreachable that answers, and refuses the login.
    if _LOGIN.search(text):
        return login_refused(server)
    if "cluster unreachable" in text.lower() or "connection refused" in text:
        return UnreachableError(f"{server} does not answer: {text}", "look whether the cluster runs")
    return forbidden(text) or _of_objects(text)


def _of_objects(text: str) -> UserError | None:
    if found := _KIND.search(text):
        remedy = "install what brings that kind, or switch off what asks for it in the values"
        return UserError(f"the cluster knows no {found['kind']} of {found['version']}", remedy)
    if found := _FOREIGN.search(text):
        where = f"namespace {found['namespace']}" if found["namespace"] else "the cluster"
        remedy = "remove it, or give it another name: a deploy takes nothing that others made"
        return UserError(f"{found['kind']} {found['name']} is in {where} and not of this release", remedy)
    found = _VERSION.search(text)
    return UserError(found[0], "deploy to a newer cluster") if found else None


def _of_chart(text: str, chart: Path | None) -> AerodromeError | None:
    if _BROKEN.search(text) or (chart and not (chart / "Chart.yaml").is_file()):
        return AerodromeError(f"{chart}: the chart cannot be rendered: {text}", "mend the template")
    return None


def _other(text: str) -> AerodromeError:
    return AerodromeError(f"helm: {text}", "run the same command again")


def _plain(stderr: str) -> str:
    """Return what *stderr* says without warnings."""
    lines = [line for line in visible(stderr).splitlines() if line.strip()]
    said = [line for line in lines if not re.match(r"WARNING|level=|[IWE]\d{4} ", line)]
    return "\n".join(said[-_LINES:]).removeprefix("Error: ").removeprefix("UPGRADE FAILED: ")
