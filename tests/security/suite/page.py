"""The security page, from the results of a run: `python -m suite.page [--check]`."""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterable, Sequence, Set
from importlib.metadata import version
from itertools import chain, groupby
from pathlib import Path

from suite.attack import names
from suite.declared import DECLARED, Gap
from suite.results import RECORD, Result, on_a_cluster, read, recorded

REPOSITORY = Path(__file__).resolve().parents[3]
PAGE = Path("docs") / "reference" / "security.md"
AREAS = {
    "api": "People, in the web interface and the REST API",
    "broker": "Workers of other zones, at the broker",
    "bundle": "DAG files that the renderer never wrote",
    "code": "Tenant code, on the machine",
    "execution": "Tasks, at the execution API",
    "host": "Other hosts",
    "login": "Login and roles",
    "manifest": "Manifests",
    "pod": "Pods, on a cluster",
    "secrets": "Secrets",
    "xcom": "Results of tasks",
}
PARTS = {
    "platform": "an `ENV=local` deployed by root: API server, scheduler, workers, PostgreSQL, Redis, OpenBao, slapd",
    "api": "two API servers on one PostgreSQL, with all defences and with none; tasks have tokens there and do not run",
    "directory": "an API server whose people are in Debian's slapd, and the process that follows it",
    "network": "beside these, another host: a network namespace with a link to this machine, and the right passwords",
    "cluster": "a Kubernetes: tenants' pods as the chart writes them, on a kubelet, behind policies that are enforced",
    "moto": "S3, Parameter Store, IAM and STS as moto plays them, in the process of the test: no AWS",
    "": "no server: the platform's own code, called as deploy, scheduler and workers call it",
}
"""What attacks need, and what that is."""
NAMED = ("network", "moto")
"""Parts whose attacks are named."""
ELSEWHERE = ("another host", "a worker of another zone")
EXPLANATIONS = Path("docs") / "explanation"
ISSUES = "https://github.com/apache/airflow/issues"
_HELD = re.compile(r"^\| `([^`]+)` .*\| held \|$", re.MULTILINE)


class NoPageError(Exception):
    """The results make no page; the text says why and what to do."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the page, or with --check tell whether the results still hold what it says."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--check", action="store_true", help="write nothing; fail where the page says otherwise"
    )
    asked = parser.parse_args(arguments)
    try:
        cluster, pods = recorded(REPOSITORY)
        text = page(*_complete(*read(REPOSITORY)), *pods, cluster=cluster)
        _compare(text) if asked.check else (REPOSITORY / PAGE).write_text(text)
    except (NoPageError, FileNotFoundError) as problem:
        sys.stderr.write(f"security page: {problem}\n    make test-security, as root, runs the attacks\n")
        return 1
    sys.stdout.write(f"{PAGE} {'is what the attacks have shown' if asked.check else 'written'}\n")
    return 0


def _complete(root: bool, results: tuple[Result, ...]) -> tuple[Result, ...]:
    if not root:
        raise NoPageError("the attacks were not run by root: tenants had no users of their own")
    missing = names() - on_a_cluster() - {row.name for row in results}
    if missing:
        raise NoPageError(f"not all attacks were run: {', '.join(sorted(missing))}")
    return results


def _compare(text: str) -> None:
    kept = (REPOSITORY / PAGE).read_text()
    if lost := sorted(set(_HELD.findall(kept)) - set(_HELD.findall(text))):
        raise NoPageError(f"{PAGE} says that these hold, and they do not any more: {', '.join(lost)}")
    if kept != text:
        raise NoPageError(f"{PAGE} is not what this run has shown: make security-page")


def page(*results: Result, cluster: str = "") -> str:
    """Return the page; *cluster* says what those of *results* that need a cluster were tried on."""
    held = [row for row in results if row.outcome == "held"]
    head = _HEAD.format(
        number=len(results),
        held=len(held),
        shown=sum(bool(row.without) for row in held),
        airflow=version("apache-airflow"),
        pods=sum("cluster" in row.needs for row in results),
        record=RECORD.name,
    )
    areas = groupby(sorted(results, key=lambda row: row.name), key=lambda row: row.name.partition("/")[0])
    open_ = [row for row in results if row.outcome != "held"]
    return "\n".join(
        [
            head,
            *_parts(results, cluster),
            *_not_isolated(open_),
            *_closed(held),
            *_not_tried({row.name for row in results}),
            *(line for area, rows in areas for line in _area(area, rows)),
        ]
    )


def _parts(rows: Sequence[Result], cluster: str) -> Iterable[str]:
    """Yield where the attacks were tried, by what they say that they need."""
    yield from ("## What was live", "", "| attacks | tried on |", "|---|---|")
    for part, text in PARTS.items():
        tried = [row.name for row in rows if part in (row.needs or ("",))]
        more = f" ([{cluster}](security/{RECORD.name}))" if cluster and part == "cluster" else ""
        yield f"| {len(tried)} | {text}{more}{f': {_named(tried)}' if tried and part in NAMED else ''} |"
    far = [row.name for row in rows if row.origin in ELSEWHERE and "network" not in row.needs]
    if far:
        yield from (
            "",
            "Not from another host but from the loopback of this machine, with the login that such a worker or host",
            f"holds, these are tried: {_named(far)}.",
        )
    yield ""


def _not_isolated(rows: Iterable[Result]) -> Iterable[str]:
    yield from ("## Not isolated", "", "Tried, and they succeed:", "")
    for row in rows:
        yield f"- **{row.sentence}** {row.reason}{_links(row.airflow)}"
    yield from ("", "Known without an attack:", "")
    yield from map(_declared, DECLARED)
    yield from (
        "",
        "Each part of the platform says at the end of its own page what is not isolated there:",
        "",
    )
    yield from (f"- [{title}]({_page(file.name)}#not-isolated)" for title, file in _pages())
    yield ""


def _declared(gap: Gap) -> str:
    return f"- **{gap.what}** {gap.reason}{_links(gap.airflow)} [More]({_page(gap.page)})."


def _closed(rows: Sequence[Result]) -> Iterable[str]:
    """Yield the gaps of Airflow that the defences of *rows* close."""
    numbers = sorted(set(chain.from_iterable(row.airflow for row in rows)))
    if not numbers:
        return
    yield from ("## Gaps of Airflow that are closed here", "")
    yield from ("Airflow alone lets these through; each is held by the defence in its row.", "")
    for number in numbers:
        yield f"- {_link(number)}: {_named(row.name for row in rows if number in row.airflow)}"
    yield ""


def _not_tried(rows: Set[str]) -> Iterable[str]:
    """Yield what no attack of *rows* shows."""
    yield from ("## Not applicable", "", _NOT_APPLICABLE)
    if missing := sorted(on_a_cluster() - rows):
        yield f"- **Not tried yet, for want of a cluster:** {_named(missing)}."
    yield ""


def _pages() -> Iterable[tuple[str, Path]]:
    """Yield title and file of each page that says what is not isolated."""
    for file in sorted((REPOSITORY / EXPLANATIONS).glob("*.md")):
        text = file.read_text()
        if "\n## Not isolated\n" in text:
            yield text.partition("\n")[0].removeprefix("# "), file


def _page(name: str) -> str:
    return f"../explanation/{name}"


def _named(attacks: Iterable[str]) -> str:
    return ", ".join(f"`{name}`" for name in attacks)


def _links(numbers: Iterable[int]) -> str:
    links = ", ".join(map(_link, numbers))
    return f" ({links})" if links else ""


def _link(number: int) -> str:
    return f"[apache/airflow#{number}]({ISSUES}/{number})"


def _area(area: str, rows: Iterable[Result]) -> Iterable[str]:
    yield from (f"## {AREAS[area]}", "", "| attack | what is tried | from | against | defence | result |")
    yield "|---|---|---|---|---|---|"
    for row in rows:
        name = row.name.partition("/")[2]
        cells = (f"`{area}/{name}`", row.sentence, row.origin, row.against, row.defence, row.outcome)
        yield f"| {' | '.join(cell.replace('|', chr(92) + '|') for cell in cells)} |"
    yield ""


_HEAD = """\
<!-- Generated by `make security-page` from a run of the attacks. Edits here are overwritten. -->

# Security: what was tried, and what happened

Each row is an attack, a file of `tests/security/attacks/`, that one tenant tries against another or against the
platform. `make test-security` runs them as root, on one machine and on real servers where the table below says so
(Airflow {airflow}). {shown} of the {held} attacks that are held were shown in the same run to succeed once their own
defence is switched off. A row that does not hold any more fails the build.

Both is otherwise for the {pods} of pods, which need a cluster: each was shown to succeed without its defence in the run
that the [record](security/{record}) is of, and the build does not try them again. It fails where the chart writes other
policies, rights or pods for tenants than those that were attacked then. The broker of these attacks is a pod that has
the broker's labels and listens.

{number} attacks, {held} held.
"""
_NOT_APPLICABLE = """\
- **Pods attack whatever else has an address in the cluster.** Tried are the broker, another tenant's pod and the
  cluster's API. What the other parts of the release let in, and who they run as, is tested on the objects that the
  chart renders; [how tenants are kept apart in a cluster](../explanation/tenants-on-kubernetes.md)."""


if __name__ == "__main__":
    raise SystemExit(main())
