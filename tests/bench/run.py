"""`make bench`: measure every figure, print a table, write raw results and docs/reference/benchmarks.md."""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import report
from figures import Figure
from rich.console import Console
from rich.table import Table
from rows import (
    chart,
    control,
    deploys,
    exhausting,
    faults,
    fleet,
    guard,
    hostile,
    hosts,
    imports,
    platform,
    policies,
    processor,
    removal,
    roles,
    rollouts,
    secrets,
    store_away,
    workers,
    xcom,
)
from workshop import Workshop

SLAPD = Path("/usr/sbin/slapd")


@dataclass(frozen=True)
class Row:
    """One measurement: how it is done, in a sentence for the page, and a program of Debian's that it needs."""

    method: str
    measure: Callable[[Workshop], Iterator[Figure]]
    needs: Path | None = None


ROWS: Mapping[str, Row] = {
    "load": Row(
        "a new process runs `aerodrome.pipeline.build` on the corpus without a cache; wall time from "
        "start to end of the process, memory as its largest resident set.",
        control.cold,
    ),
    "load_changed": Row(
        "the same with a cache that knows all but one manifest.",
        control.changed,
    ),
    "imports": Row(
        "`DagBag` imports each folder in one process, by turns, all modules warm; CPU-seconds. The "
        "files written by hand and the rendered ones serialise to equal DAGs, which the program "
        "checks; dag-factory's YAML names the same operators and parameters.",
        imports.imports,
    ),
    "processor": Row(
        "a DAG processor with a GitDagBundle, PostgreSQL, FAB and two parsing processes; after the "
        "first pass every file is touched and the CPU of processor and children counted until each "
        "DAG is stored again. Ours with the platform's policy and rights on each DAG, dag-factory "
        "without.",
        processor.passes,
    ),
    "idle": Row(
        "the same processor, left alone after its first pass.",
        processor.idle,
    ),
    "faults": Row(
        "three manifests of the corpus get an unknown operator, a template that reaches for Python's "
        "classes, and a parameter whose pattern would hold whoever checks it; the whole is verified and published to a "
        "bare repository.",
        faults.faults,
    ),
    "hostile": Row(
        "the property tests of `tests/render/hostile/` with ten thousand examples, each of which puts "
        "generated strings into every text of a tenant and a manifest; counted are those whose texts were "
        "compared with what the loaded tenant, the DAG and its rendered tasks hold.",
        hostile.hostile,
    ),
    "platform": Row(
        "a copy of the repository is deployed with ports and state of its own. Deploy: the command "
        "from start to end. Publish: from the commit in the bundle until the API shows the new "
        "description. Tasks: one run of one DAG of independent branch tasks that choose nothing, "
        "between the run's start and end; plain Airflow has the platform's settings, PostgreSQL, "
        "Redis and one worker with as many slots.",
        platform.platform,
    ),
    "secrets": Row(
        "a program looks five connections up through a zone's agent, which reads them from OpenBao with a token of "
        "the tenant: each for the first time, then again and again; time as the program sees it.",
        secrets.lookups,
    ),
    "guard": Row(
        "requests of a task whose tenant is known, one after the other through the guard alone; time until what "
        "stands behind it is called.",
        guard.guard,
    ),
    "policies": Row(
        "what a deploy puts into an OpenBao for twenty tenants in two zones; each tenant reads each one's "
        "connection with a token that its zone's login minted. An answer counts as one where it holds the secret "
        "of that tenant.",
        policies.policies,
    ),
    "store_away": Row(
        "a zone's agent has read four connections when OpenBao is killed. Eight slots begin a task each second, a "
        "process of its own that reads one of the four or, every fourth, one that was not read before. For the "
        "first half of the time whoever calls at the store's port is sent away, in the second nobody answers "
        "there; the connections to it are counted. Then OpenBao is started again. One outage, of "
        f"`{store_away.SETTING}` seconds, by default {store_away.SECONDS}.",
        store_away.store_away,
    ),
    "roles": Row(
        "2,000 people in 200 groups of twenty, of a slapd on this machine; `follow --once` is a program of its own, "
        "from start to end, on an empty database, again, and again after one group was deleted.",
        roles.follow,
        SLAPD,
    ),
    "removal": Row(
        "an API server with the platform's login, a slapd, and the process that lets roles follow it. A person "
        "logs in, in a browser and for a token, and is taken out of their group, at another moment of the "
        "process' turn each time; both ask for DAGs without a pause until they are refused.",
        removal.removal,
        SLAPD,
    ),
    "xcom": Row(
        "a new process stores, and another reads, a stream of 1 GB of random bytes through the XCom backend in a "
        "folder, piece by piece; memory is the most that the process held, beyond one that has only what every task "
        "has from its worker. The disk's own: the same bytes in blocks of 1 MiB to and from a file there, until they "
        "are on the disk. What is read is first taken out of the system's memory.",
        xcom.xcom,
    ),
    "xcom_s3": Row(
        "the same in a bucket of a SeaweedFS on this machine, over HTTP and without encryption: random bytes, and the "
        "lines of a CSV, which zstd makes smaller on the way. Beside each, in the same turn, boto3's own `upload_file` "
        "and `download_file` of the same bytes, as they are, from and to a file, with its ten threads. A result is "
        "checked as a whole before its first byte is used, so reading is a download, a look, and the reading.",
        xcom.xcom_s3,
    ),
    "exhausting": Row(
        "a platform with ports and state of its own, and two tenants on one queue of four slots. The greedy one "
        "runs DAGs that write 1 GB without the end of a line, write lines without an end, return a result without "
        "an end, sleep and heed no signal; and asks for its runs with eight requests at a time. Its neighbour's "
        "DAG of one task runs again and again meanwhile, the slowest counts. Memory is the most that the queue's "
        "worker and the zone's launcher held with all their processes, shared pages counted once, beyond what they "
        "held for as many ordinary tasks of the two. Opened: the whole log is read from the API as JSON.",
        exhausting.exhausting,
    ),
    "fleet": Row(
        "a new process reads environment, inventory and twenty tenants that share a queue, checks every law and "
        "renders the variables of each host with their digests; time from start to end. Nothing is spoken to.",
        fleet.rendered,
    ),
    "hosts_check": Row(
        "a hundred stand-ins for hosts: this machine, without SSH, each with a stamp that is as it should be; from "
        "start to end of a new process. Memory is what all its processes hold of their own at once. SSH adds a "
        "connection for each host, which ssh makes in a process of its own.",
        hosts.check,
    ),
    "workers": Row(
        "three containers with systemd on this machine, and a platform of environment lab for them. Fresh: they were "
        "just started, the wheelhouse was there; the command from start to end, again right afterwards. Drains: by "
        "turns `make drain` and `make workers` of the two hosts of a queue; then a change of a setting of workers, "
        "for which `make workers` drains and changes one after the other. Meanwhile every three seconds a run of one "
        "task of six seconds begins; every task writes on its host when it begins and when it ends.",
        workers.workers,
    ),
    "deploys": Row(
        "the cluster of KUBECONFIG (`make cluster`), with Airflow, its stores and the registry on the same two cores; "
        "environments/sandbox with the corpus for its tenants, each of which has an image of its own. Commands from "
        "start to end; a rollback undoes another value of the scheduler, and ends when the canary has run on every "
        "queue. The hosts are containers with systemd, which a plan looks at over SSH; they were let in and stamped, "
        "and no worker was installed there.",
        deploys.deploys,
    ),
    "rollouts": Row(
        "the same cluster and environment, with an OpenBao on this machine. Every five seconds a run of one HTTP "
        "request begins, which a service on this machine answers after eight seconds and notes. By turns the worker "
        "of the zone, the only one, is replaced as soon as a task runs on it: the StatefulSet gets another annotation "
        "for its pods, as it would by a deploy.",
        rollouts.rollouts,
    ),
    "chart_defaults": Row(
        "`helm template` of helm/airflow as it comes, a process of its own each time.",
        chart.defaults,
    ),
    "chart_tenants": Row(
        "the same with `examples/tenants.yaml` and so many tenants more, each with an image and two zones; time from "
        "start to end.",
        chart.tenants,
    ),
    "chart_size": Row(
        "all lines of `helm/airflow/templates`, comments and empty ones too. The official chart's are those of its "
        "version 1.19. For its interface: without tenants, zones, platform's jobs, entrance, policy and telemetry.",
        chart.size,
    ),
}


def _measured(row: str, shop: Workshop) -> list[Figure]:
    """Return the figures of *row*; where it breaks off, what it had is kept in the shop's folder."""
    figures: list[Figure] = []
    try:
        for figure in ROWS[row].measure(shop):
            figures.append(figure)
    except BaseException:
        report.save(row, figures, shop.folder / "unfinished")
        raise
    return figures


def main() -> int:
    """Measure the chosen rows; return 1 when a figure misses its goal, 2 when a row lacks a program."""
    options = _options()
    console = Console()
    if lacking := _lacking(options.rows):
        console.print(lacking)
        return 2
    found: list[Figure] = []
    with console.status("starting") as status:
        shop = Workshop(
            options.folder.resolve(), 1 if options.quick else options.runs, options.quick, status.update
        )
        shop.folder.mkdir(parents=True, exist_ok=True)
        shop.compile()
        for name in options.rows:
            figures = _measured(name, shop)
            report.save(name, figures, shop.folder / "quick" if options.quick else report.FOLDER)
            found += figures
            for figure in figures:
                console.print(f"{figure.name}: {report.number(figure.value)} {figure.unit}")
    if not options.quick:
        report.write_page(ROWS, {name: row.method for name, row in ROWS.items()})
    console.print(_table(found))
    return 1 if any(figure.met is False for figure in found) else 0


def _lacking(rows: list[str]) -> str:
    """Return what has to be installed before *rows* can be measured, or an empty text."""
    missing = {name: needs for name in rows if (needs := ROWS[name].needs) and not needs.is_file()}
    if not missing:
        return ""
    programs = sorted({path.name for path in missing.values()})
    return (
        f"{', '.join(missing)}: not measured without {', '.join(programs)}, a package of Debian, which is not here\n"
        f"    apt-get install {' '.join(programs)}, whose own service may stay off; or name other rows: "
        "make bench ROWS=a,b"
    )


def _table(figures: list[Figure]) -> Table:
    table = Table("what", "to reach", "measured", "")
    for figure in figures:
        verdict = {True: "[green]reached", False: "[red]missed", None: ""}[figure.met]
        table.add_row(
            figure.what, report.goal(asdict(figure)), f"{report.number(figure.value)} {figure.unit}", verdict
        )
    return table


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument(
        "--rows", type=_rows, default=list(ROWS), help=f"comma-separated, of: {', '.join(ROWS)}"
    )
    parser.add_argument("--runs", type=int, default=5, help="samples of each figure")
    parser.add_argument(
        "--quick", action="store_true", help="a tenth of the corpus, one sample: does it work at all?"
    )
    parser.add_argument(
        "--folder", type=Path, default=Path(tempfile.gettempdir()) / f"aerodrome-bench-{os.geteuid()}"
    )
    return parser.parse_args()


def _rows(text: str) -> list[str]:
    names = text.split(",")
    if unknown := [name for name in names if name not in ROWS]:
        raise argparse.ArgumentTypeError(f"unknown row {unknown[0]!r}; there are {', '.join(ROWS)}")
    return names


if __name__ == "__main__":
    sys.exit(main())
