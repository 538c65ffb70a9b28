"""The page of the limits that stand in no tenant.yaml, with the numbers of the code that holds to them."""

from __future__ import annotations

from collections.abc import Iterable

from aerodrome.quantities import format_memory
from aerodrome.reference.constants import constant

Row = tuple[str, str, str]


def limits_page() -> str:
    """Return a page with what each task, job and file may take."""
    return "\n".join(
        [
            f"# Limits\n\n{_LIMITS}",
            f"## Tasks\n\n{_table(_tasks())}",
            f"## Your own code\n\n{_table(_jobs())}",
            f"## Manifests\n\n{_table(_manifests())}",
        ]
    )


_LIMITS = """\
What holds for every tenant and stands in no file of yours. Memory and processors of your own code, and how many runs
and tasks there are at once, are `limits` of [tenant.yaml](tenant.md#limits), below the environment's ceiling.
"""


def _table(rows: Iterable[Row]) -> str:
    body = "".join(f"| {what} | {most} | {beyond} |\n" for what, most, beyond in rows)
    return f"| what | at most | beyond it |\n|---|---|---|\n{body}"


def _tasks() -> Iterable[Row]:
    memory = constant("aerodrome_airflow.task_memory", "ALLOWANCE")
    letters = constant("aerodrome_airflow.templating", "LONGEST")
    seconds = constant("aerodrome_airflow.rendering_time", "SECONDS")
    yield (
        "Memory of a task's process in the worker, beside what Airflow holds: `sql.query`, `sql.chart`, `http.request` "
        "and the like; your own code has a process of its own",
        _size(memory),
        "The task fails, without a retry. Let the database aggregate, or compute it in `python.call`.",
    )
    yield (
        "A text after its templates are rendered",
        f"{letters:,} characters",
        "The task fails, without a retry.",
    )
    yield "Time to render all templates of a task", f"{seconds:g} s", "The task fails, without a retry."
    request = constant("aerodrome_airflow.auth.short_bodies", "LARGEST")
    yield (
        "A request to the REST API, such as a run with its `conf`",
        _size(request),
        "It is refused with status 413.",
    )


def _jobs() -> Iterable[Row]:
    from aerodrome.runtime.uv import MOST_BYTES

    launcher = "aerodrome_airflow.launcher"
    jobs = constant(f"{launcher}.config", "max_jobs_per_tenant")
    request = constant(f"{launcher}.protocol", "JOB_LIMIT")
    result = constant(f"{launcher}.protocol", "RESULT_LIMIT")
    files = constant(f"{launcher}.sandbox", "OPEN_FILES")
    output = constant(f"{launcher}.config", "output_bytes")
    lines = constant(f"{launcher}.config", "output_lines")
    yield (
        "Jobs of a tenant that run at once in a [zone](environment.md#zone): a task of `python.call`, `spark.submit` "
        "or `bash.run`, and each reading, writing or looking for a file of yours",
        str(jobs),
        "The task fails, and is retried if it has `retries`.",
    )
    yield (
        "Arguments and environment of a job, as JSON",
        _size(request),
        "The task fails. Hand over a file or a table.",
    )
    yield "What a function returns, as JSON", _size(result), "The task fails. Write it to a file or a table."
    yield (
        "What a job prints, all of which goes to the task's log",
        f"{_size(output)}, or {lines:,} lines",
        "The job is ended and the task fails. Write to a file or a table, or print less.",
    )
    yield "Files that a process of yours has open", f"{files:,}", "The next cannot be opened."
    yield (
        "What the packages of your lock take on the disk while they are installed",
        _size(MOST_BYTES),
        "The environment is not built, and your DAGs stay as they were.",
    )


def _manifests() -> Iterable[Row]:
    from aerodrome.check.rendered import TIME_LIMIT
    from aerodrome.manifest.parameters import MOST_MAPPED
    from aerodrome.manifest.patterns import LONGEST
    from aerodrome.source import budget

    refused = "`make check` refuses it."
    yield "A manifest, and a file that it includes", _size(budget.MAX_BYTES), refused
    yield "Values in a manifest, counting each alias as what it stands for", f"{budget.MAX_NODES:,}", refused
    yield "Lists and mappings inside one another", str(budget.MAX_DEPTH), refused
    yield "Mapped tasks that `expand` writes out", f"{MOST_MAPPED:,}", refused
    yield "`pattern` of a param", f"{LONGEST} characters", refused
    yield "Time to import the rendered DAG", f"{TIME_LIMIT:g} s", refused


def _size(size: float) -> str:
    text = format_memory(int(size))
    return f"{text[:-2]} {text[-2:]}B"
