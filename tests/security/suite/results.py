"""What a run of the attacks found, as a file: the input of the security page."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest
from suite.attack import Attack

ROW = "attack"
"""What a test calls its row in its report."""
FILE = Path(".aerodrome") / "security" / "results.json"
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


@dataclass(eq=False)
class Rows:
    """A plugin of pytest that writes down the rows of all attacks, at the end and in one process.

    They come with the reports of the tests, also out of the processes of `pytest -n`.
    """

    repository: Path
    root: bool
    found: list[Result] = field(default_factory=list)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the rows of one test."""
        if report.when == "call":
            self.found += [Result(**row) for name, row in report.user_properties if name == ROW]  # type: ignore[arg-type]

    def pytest_sessionfinish(self) -> None:
        """Write them."""
        if self.found:
            write(self.repository, self.found, root=self.root)


def read(repository: Path) -> tuple[bool, tuple[Result, ...]]:
    """Return whether root ran the attacks, and the rows; FileNotFoundError where nobody did."""
    document = json.loads((repository / FILE).read_text())
    return document["root"], tuple(Result(**row) for row in document["results"])
