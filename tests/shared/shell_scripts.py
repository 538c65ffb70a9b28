"""Scripts of a shell that stand in containers and config maps, and what shellcheck says of them."""

from __future__ import annotations

import json
import re
import subprocess
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from chart_releases import Pod
from helm_process import Object

SHELLS = ("sh", "bash")
_COMMAND = re.compile(r"-[a-z]*c[a-z]*$")


@dataclass(frozen=True, order=True)
class Script:
    """A script, its shell, and where it stands."""

    shell: str
    text: str
    place: str = ""


def of_pod(pod: Pod) -> Iterator[Script]:
    """Yield the scripts that the pod's containers, their probes and their hooks give to a shell."""
    for container in pod.containers():
        place = f"{pod.owner} {container['name']}"
        yield from of_command([*(container.get("command") or ()), *(container.get("args") or ())], place)
        for kind in ("livenessProbe", "readinessProbe", "startupProbe"):
            yield from of_command(_executed(container.get(kind)), f"{place} {kind}")
        for kind, hook in (container.get("lifecycle") or {}).items():
            yield from of_command(_executed(hook), f"{place} {kind}")


def of_command(words: list[str], place: str) -> Iterator[Script]:
    """Yield the script of `sh … -c SCRIPT …`, whatever other options stand between."""
    for index, word in enumerate(words):
        shell = word.rpartition("/")[2]
        options = _options(words[index + 1 :])
        if shell in SHELLS and any(_COMMAND.match(option) for option in options):
            yield Script(shell, words[index + 1 + len(options)], place)
            return


def of_config_map(one: Object) -> Iterator[Script]:
    """Yield the entries of a config map that are scripts: by their first line or their name."""
    for name, text in (one.get("data") or {}).items():
        first = text.partition("\n")[0]
        if name.endswith(".sh") or (first.startswith("#!") and first.endswith("sh")):
            yield Script(
                "bash" if "bash" in first else "sh", text, f"ConfigMap {one['metadata']['name']} {name}"
            )


def _options(words: list[str]) -> list[str]:
    end = next((index for index, word in enumerate(words) if not word.startswith("-")), len(words))
    return words[:end]


def _executed(handler: Object | None) -> list[str]:
    return list(((handler or {}).get("exec") or {}).get("command") or ())


def remarks(scripts: Iterable[Script], folder: Path, skipped: Mapping[str, str]) -> list[str]:
    """Return a line for each remark of shellcheck, of its strictest level, with the place of the script."""
    found: list[str] = []
    once = {(script.shell, script.text): script.place for script in sorted(scripts)}
    for shell in SHELLS:
        texts = [text for kind, text in once if kind == shell]
        files = [folder / f"{shell}-{number}" for number in range(len(texts))]
        for file, text in zip(files, texts, strict=True):
            file.write_text(text, encoding="utf-8")
        places = {str(file): once[shell, text] for file, text in zip(files, texts, strict=True)}
        found += [f"{places[each['file']]}: {_line(each)}" for each in _shellcheck(shell, files, skipped)]
    return found


def _shellcheck(shell: str, files: list[Path], skipped: Mapping[str, str]) -> list[Object]:
    if not files:
        return []
    options = ["--norc", "--severity=style", "--format=json", f"--shell={shell}"]
    command = ["shellcheck", *options, *(f"--exclude={code}" for code in skipped), *map(str, files)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    return list(json.loads(done.stdout))


def _line(remark: Object) -> str:
    return f"line {remark['line']}: SC{remark['code']} {remark['message']}"
