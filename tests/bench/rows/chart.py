"""What the chart costs: rendering the defaults, rendering many tenants, and reading its templates."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

from aerodrome.helm_binaries import fetch_helm
from figures import Figure
from processes import Run, clean_environment, run
from workshop import ROOT, Workshop

CHART = ROOT / "helm" / "airflow"
MANY = {20: 3.0, 100: 10.0}
"""Tenants → seconds that rendering them may take."""
MOST_SECONDS = 0.25
"""What the official chart takes for its default values."""
OFFICIAL_LINES, OFFICIAL_LONGEST = 10_291, 1_204
"""Of the official chart, version 1.19: its templates, and its one file of definitions."""
BEYOND = (
    "hybrid/",
    "platform/",
    "telemetry/",
    "tenants/",
    "zones/",
    "api-server/api-server-httproute",
    "flower/flower-httproute",
    "webserver/webserver-httproute",
    "_broker",
    "_egress",
    "_hardened",
    "_http_route",
    "_hybrid",
    "_platform",
    "_policy",
    "_secrets_agent",
    "_telemetry",
    "_tenant",
    "_worker_sets",
)
"""Beginnings of the names of templates for what the official chart has not."""


def defaults(shop: Workshop) -> Iterator[Figure]:
    """Yield the CPU and the time of `helm template` of the default values, with either Helm."""
    taken = {name: [_rendered(shop, name) for _ in range(shop.runs)] for name in ("helm3", "helm4")}
    memory = {name: max(one.megabytes for one in runs) for name, runs in taken.items()}
    for name, runs in taken.items():
        what = f"`helm template` of the default values with Helm {name[-1]}"
        cpu, seconds = tuple(one.cpu_seconds for one in runs), tuple(one.seconds for one in runs)
        yield Figure(
            f"chart_defaults_{name}",
            f"{what}, CPU",
            "s",
            cpu,
            MOST_SECONDS,
            details={"megabytes": memory[name]},
        )
        yield Figure(f"chart_defaults_{name}_wall", f"{what}, from start to end", "s", seconds, MOST_SECONDS)


def tenants(shop: Workshop) -> Iterator[Figure]:
    """Yield the time of `helm template` with many tenants of two zones each, in a cluster with both executors."""
    for number, most in MANY.items():
        values = shop.folder / f"tenants-{number}.json"
        values.write_text(json.dumps({"tenants": _tenants(number)}), encoding="utf-8")
        files = (CHART / "examples" / "tenants.yaml", values)
        runs = [_rendered(shop, "helm3", *files) for _ in range(shop.runs)]
        details = {
            "cpu_seconds": [one.cpu_seconds for one in runs],
            "objects": runs[0].output.count("\nkind: "),
        }
        seconds = tuple(one.seconds for one in runs)
        yield Figure(
            f"chart_tenants_{number}",
            f"`helm template` with {number} tenants",
            "s",
            seconds,
            most,
            details=details,
        )


def size(shop: Workshop) -> Iterator[Figure]:
    """Yield how many lines the templates have: for the official chart's interface, for all, and in the longest file."""
    shop.say("counting the lines of the chart's templates")
    lines = {
        str(path.relative_to(CHART / "templates")): len(path.read_text(encoding="utf-8").splitlines())
        for path in sorted((CHART / "templates").rglob("*"))
        if path.is_file()
    }
    same = sum(number for name, number in lines.items() if not name.startswith(BEYOND))
    what = f"lines of the chart's templates for the official chart's interface (there {OFFICIAL_LINES})"
    yield Figure("chart_size", what, "lines", (same,), OFFICIAL_LINES // 2, details={"files": lines})
    yield Figure("chart_size_all", "of all its templates", "lines", (sum(lines.values()),))
    longest = max(number for name, number in lines.items() if name.endswith(".tpl"))
    what = f"of its longest file of definitions (there {OFFICIAL_LONGEST})"
    yield Figure("chart_size_longest", what, "lines", (longest,), 400)


def _rendered(shop: Workshop, name: str, *files: Path) -> Run:
    shop.say(f"rendering the chart with {name}: {', '.join(file.stem for file in files) or 'defaults'}")
    program = fetch_helm(ROOT / ".venv" / "helm")[name]
    given = [f"--values={file}" for file in files]
    return run([program, "template", "airflow", CHART, "--namespace", "airflow", *given], clean_environment())


def _tenants(number: int) -> dict[str, object]:
    digest = f"sha256:{'1' * 64}"
    return {
        f"t{index:03}": {
            "image": {"repository": f"registry.example.org/t{index}", "digest": digest},
            "zones": {"default": {}, "pii": {}},
        }
        for index in range(number)
    }
