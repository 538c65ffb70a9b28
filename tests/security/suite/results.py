"""What runs of the attacks found, as files: the input of the security page."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import pytest
from suite.attack import CLUSTER, Attack, names

ROW = "attack"
"""What a test calls its row in its report."""
FILE = Path(".aerodrome") / "security" / "results.json"
RECORD = Path("docs") / "reference" / "security" / "pods.json"
"""What was found on a cluster: not everybody who writes the page has one."""
WHERE = "cluster"
"""What a test calls the cluster that it ran on in its report."""
TRIED = "tried on"
"""What the record calls the digest of the objects that the attacks were tried on."""
LONGEST = 500


@dataclass(frozen=True)
class Result:
    """The outcome of one attack, held or not isolated, and *without*: what it got without its defence."""

    name: str
    sentence: str
    origin: str
    against: str
    defence: str
    outcome: str
    reason: str
    without: str
    needs: tuple[str, ...] = ()
    airflow: tuple[int, ...] = ()


def result(attack: Attack, outcome: str, without: str) -> Result:
    """Return the row of *attack*."""
    reason = attack.must.reason if outcome == attack.must.outcome else ""
    return Result(
        attack.name,
        attack.sentence,
        attack.origin,
        attack.against,
        attack.defence,
        outcome,
        reason,
        without[:LONGEST],
        tuple(sorted(attack.needs)),
        attack.airflow,
    )


def write(repository: Path, results: Iterable[Result], *, root: bool) -> Path:
    """Write *results* and return the file; *root*: tenants had operating system users of their own."""
    file = repository / FILE
    file.parent.mkdir(parents=True, exist_ok=True)
    rows = [asdict(row) for row in sorted(results, key=lambda row: row.name)]
    file.write_text(json.dumps({"root": root, "results": rows}, indent=1) + "\n")
    return file


def record(repository: Path, results: Sequence[Result], where: str, objects: Callable[[], str]) -> None:
    """Keep *results* of the cluster *where* in the repository, if every attack that needs one was tried.

    *objects* gives a digest of what they were tried on (`tried_objects.digest`).
    """
    rows = {row.name: asdict(row) for row in sorted(results, key=lambda row: row.name)}
    if set(rows) == on_a_cluster():
        file = repository / RECORD
        file.parent.mkdir(parents=True, exist_ok=True)
        document = {WHERE: where, TRIED: objects(), "results": list(rows.values())}
        file.write_text(json.dumps(document, indent=1) + "\n")


def tried_on(repository: Path) -> str:
    """Return the digest of the objects that the attacks were last tried on."""
    return str(json.loads((repository / RECORD).read_text()).get(TRIED, ""))


def recorded(repository: Path) -> tuple[str, tuple[Result, ...]]:
    """Return which cluster the attacks were last tried on, and the rows: none where nobody ever did."""
    file = repository / RECORD
    document = json.loads(file.read_text()) if file.exists() else {WHERE: "", "results": ()}
    return document[WHERE], tuple(map(_result, document["results"]))


def on_a_cluster() -> frozenset[str]:
    """Return the names of the attacks that need a cluster."""
    return frozenset(name for name in names() if name.startswith(f"{CLUSTER}/"))


@dataclass(eq=False)
class Rows:
    """A plugin of pytest that hands the rows of all attacks on to *keep*, at the end and in one process.

    They come with the reports of the tests, also out of the processes of `pytest -n`. *cluster*: of those that need
    one, or of all others.
    """

    keep: Callable[[Sequence[Result], str], object]
    cluster: bool = False
    found: list[Result] = field(default_factory=list)
    where: str = ""

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the rows of one test."""
        if report.when != "call":
            return
        told = [_result(row) for name, row in report.user_properties if name == ROW]
        self.found += [row for row in told if (row.name in on_a_cluster()) == self.cluster]
        self.where = next((str(text) for name, text in report.user_properties if name == WHERE), self.where)

    def pytest_sessionfinish(self) -> None:
        """Hand them on."""
        if self.found:
            self.keep(self.found, self.where)


def read(repository: Path) -> tuple[bool, tuple[Result, ...]]:
    """Return whether root ran the attacks, and the rows; FileNotFoundError where nobody did."""
    document = json.loads((repository / FILE).read_text())
    return document["root"], tuple(map(_result, document["results"]))


def _result(row: Any) -> Result:
    # JSON has no tuples.
    return Result(**{name: tuple(value) if isinstance(value, list) else value for name, value in row.items()})
