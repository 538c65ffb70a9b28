"""The DAG processor that parses the files of one tenant in one process: `python -m aerodrome_airflow.dag_processor`.

Airflow's own forks a process per file, which costs about 0.1 CPU-seconds each: more than reading, checking and storing
the DAG. The files, their errors and everything stored stay per file. `airflow dag-processor` reads the same bundle.

A file that ends its process or hangs costs its neighbours one wait of `[dag_processor] dag_file_processor_timeout`:
they are parsed again without it, and it alone, one such file at a time beside everything else.
"""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import attrs
from aerodrome.policy.limits import FILE_NAME
from airflow.configuration import conf
from airflow.dag_processing.collection import update_dag_parsing_results_in_db
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager, DagFileStat
from airflow.dag_processing.processor import DagFileParsingResult, DagFileProcessorProcess
from airflow.utils.session import create_session
from sqlalchemy.exc import OperationalError
from uuid6 import uuid7

from aerodrome_airflow.dag_rights import written_together
from aerodrome_airflow.folder_process import FolderProcess, failure, stamp
from common_plugins.catalogue import entries

FILES_PER_PROCESS = 50
ROUND_SECONDS = 1.0
LISTEN_SECONDS = 0.1
# A refresh of the bundle waits this long for the processes that read its files.
REFRESH_PATIENCE_SECONDS = 10.0
SETTLED_SECONDS = 300.0
# What Airflow imports while it stores a DAG, and the policy: each child would import it again.
ALSO_PRELOADED = (
    "aerodrome.policy.rules",
    "aerodrome_airflow.alerts",
    "aerodrome_airflow.facts",
    "airflow.providers.standard.operators.trigger_dagrun",
    "airflow.providers.standard.sensors.external_task",
)


def _seconds(option: str, usual: float) -> Any:
    return attrs.field(factory=lambda: float(conf.getfloat("aerodrome", option, fallback=usual)))


@attrs.define(kw_only=True)
class FolderManager(DagFileProcessorManager):
    """Airflow's manager with one process per tenant folder instead of one per file."""

    retry_seconds: float = _seconds("parse_retry_seconds", 300.0)
    """Time until a file is parsed again whose process died, or whose DAG could not be stored."""
    idle_seconds: float = _seconds("parse_idle_seconds", 3.0)
    """Time between two rounds when there is nothing to parse."""
    idle_after: float = _seconds("idle_after", 0.0)
    """Time without a run after which a DAG's owners are told; 0: they never are."""
    tell_idle_seconds: float = _seconds("tell_idle_seconds", 3600.0)
    """Time between two looks for such DAGs."""
    _teller: subprocess.Popen[bytes] | None = attrs.field(default=None, init=False)
    """The program that looks for them."""
    _tell_next: float = attrs.field(default=0.0, init=False)
    _collected: list[dict[str, Any]] = attrs.field(factory=list, init=False)
    _suspects: set[DagFileInfo] = attrs.field(factory=set, init=False)
    """Files at which a process died or hung: each is parsed by itself until it is read well."""
    _waiting: list[DagFileInfo] = attrs.field(factory=list, init=False)
    """Suspects that are to be parsed."""
    _retries: dict[DagFileInfo, float] = attrs.field(factory=dict, init=False)
    _limits: dict[Path, int | None] = attrs.field(factory=dict, init=False)
    """Tenant's folder → the stamp of its limits at the last refresh."""
    _ending: bool = attrs.field(default=False, init=False)
    """Whether a signal has asked for the end."""

    def before_run(self) -> None:
        """Import what DAG files import once, before the first fork."""
        operators = {entry.operator.partition(":")[0] for entry in entries().values()}
        for module in sorted(operators.union(ALSO_PRELOADED)):
            importlib.import_module(module)
        super().before_run()

    # The end.

    def _exit_gracefully(self, signum: int, frame: Any) -> None:
        self._ending = True
        super()._exit_gracefully(signum, frame)  # type: ignore[no-untyped-call]

    # Which files are parsed when, and together with which.

    def _refresh_dag_bundles(self, known_files: dict[str, set[DagFileInfo]]) -> None:
        # A process should not see half of a publish. One that hangs must not keep every publish away.
        busy = any(not process.had_callbacks for process in self._processors.values())
        due = self._bundles_last_refreshed + self.bundle_refresh_check_interval
        if not busy or time.monotonic() > due + REFRESH_PATIENCE_SECONDS:
            super()._refresh_dag_bundles(known_files)
        if self.idle_after:
            self._tell_idle()

    def _tell_idle(self) -> None:
        # In a program of its own: channels may be slow, and a process with threads must not fork.
        busy = self._teller is not None and self._teller.poll() is None
        now = time.monotonic()
        if not self._tell_next:
            # Not while everything starts.
            self._tell_next = now + min(self.tell_idle_seconds, SETTLED_SECONDS)
        elif now >= self._tell_next and not busy:
            self._tell_next = now + self.tell_idle_seconds
            program = (sys.executable, "-m", "aerodrome_airflow.idle_dags")
            self._teller = subprocess.Popen(program, stdin=subprocess.DEVNULL)

    def handle_removed_files(self, known_files: dict[str, set[DagFileInfo]]) -> None:
        """Forget the files that the bundle has no more, and queue those whose tenant has other limits now."""
        super().handle_removed_files(known_files)
        self._queue_under_new_limits([file for files in known_files.values() for file in files])
        present = {file.presence_key for files in known_files.values() for file in files}
        self._suspects = {file for file in self._suspects if file.presence_key in present}
        self._waiting = [file for file in self._waiting if file.presence_key in present]
        self._retries = {file: at for file, at in self._retries.items() if file.presence_key in present}

    def _queue_under_new_limits(self, files: Sequence[DagFileInfo]) -> None:
        # A file that was kept as it is may break the limits of today: nothing in it says that it must be read again.
        before = self._limits
        self._limits = {folder: stamp(folder / FILE_NAME) for folder in {_folder(file) for file in files}}
        changed = {folder for folder, now in self._limits.items() if before.get(folder, now) != now}
        self._add_files_to_queue([file for file in files if _folder(file) in changed], mode="back")

    def _start_new_processes(self) -> None:
        # A signal comes in the middle of anything, and what catches everything there catches its exit too.
        if self._ending:
            sys.exit(os.EX_OK)
        self._queue_what_is_due()
        while self._running() < self._parallelism and (files := self._next()):
            self._processors.update(dict.fromkeys(files, self._create_folder_process(files)))

    def _running(self) -> int:
        return len(self._unique_processes())

    def _queue_what_is_due(self) -> None:
        now = time.monotonic()
        due = [file for file, at in self._retries.items() if at <= now]
        for file in due:
            del self._retries[file]
        self._add_files_to_queue(due, mode="back")
        # A request that came while its file was being parsed.
        pending = [file for file in self._callback_to_execute if file not in self._processors]
        self._add_files_to_queue(pending, mode="front")

    def _next(self) -> list[DagFileInfo]:
        """Return the files that the next process gets, taken from the queue."""
        while self._file_queue:
            first = next(iter(self._file_queue))
            if files := list(self._take(first)):
                return files
        if self._waiting and not any(file in self._suspects for file in self._processors):
            return [self._waiting.pop(0)]
        return []

    def _take(self, first: DagFileInfo) -> Iterator[DagFileInfo]:
        """Take *first* from the queue, and what may share its process."""
        together = [file for file in self._file_queue if self._may_share(first, file)]
        for file in together[:FILES_PER_PROCESS] or [first]:
            self._file_queue.pop(file)
            if file in self._suspects:
                # The queue is filled again only when it is empty: those that may hang wait elsewhere.
                self._waiting += [file] if file not in self._waiting else []
            # Already being parsed: this request waits for the next round, as in Airflow's own manager.
            elif file not in self._processors:
                yield file

    def _may_share(self, first: DagFileInfo, file: DagFileInfo) -> bool:
        for one in (first, file):
            if one in self._suspects or one in self._callback_to_execute:
                return False
        return (file.bundle_name, file.rel_path.parts[0]) == (first.bundle_name, first.rel_path.parts[0])

    def _create_folder_process(self, files: Sequence[DagFileInfo]) -> FolderProcess:
        first = files[0]
        logger, handle = self._get_logger_for_dag_file(first)
        callbacks = self._callback_to_execute.pop(first, [])
        assert first.bundle_path is not None
        return FolderProcess.begin(
            [str(file.absolute_path) for file in files],
            id=uuid7(),
            bundle_path=first.bundle_path,
            bundle_name=first.bundle_name,
            dag_file_rel_path=str(first.rel_path),
            callbacks=callbacks,
            turns=max(1, len(callbacks)),
            client=self.client,
            selector=self.selector,
            logger=logger,
            logger_filehandle=handle,
        )

    # What came of the files.

    def _service_processor_sockets(self, timeout: float | None = 1.0) -> None:
        # Each round asks the database for work: one every few seconds is enough when there is nothing to parse, and
        # one a second, or when a process has ended, while there is.
        if not self._processors:
            idle = not self._file_queue and not self._waiting
            super()._service_processor_sockets(max(timeout or 0.0, self.idle_seconds) if idle else timeout)
            return
        until = time.monotonic() + ROUND_SECONDS
        while (left := until - time.monotonic()) > 0 and not any(
            one.is_ready for one in self._unique_processes()
        ):
            begun = time.monotonic()
            super()._service_processor_sockets(min(LISTEN_SECONDS, left))
            for process in self._unique_processes():
                process.silence += time.monotonic() - begun

    def _unique_processes(self) -> list[FolderProcess]:
        unique: dict[int, Any] = {id(process): process for process in self._processors.values()}
        return list(unique.values())

    def handle_parsing_result(self, file: DagFileInfo, proc: DagFileProcessorProcess, **session: Any) -> None:
        """Record what came of *file*, or queue it again where its process died before it or it changed."""
        assert isinstance(proc, FolderProcess)
        before = self._file_stats.get(file)
        if not proc.had_callbacks:
            proc.parsing_result = self._result(file, proc)
            if proc.parsing_result is None:
                self._add_files_to_queue([file], mode="back")
                return
        super().handle_parsing_result(file, proc, **session)
        if proc.had_callbacks and proc.parsing_result is None:
            self._forget_callback(file, before)

    def _forget_callback(self, file: DagFileInfo, before: DagFileStat | None) -> None:
        # Airflow notes a file whose callback ran as one that was never parsed, and would parse it in each round.
        if before is None:
            self._file_stats.pop(file, None)
        else:
            self._file_stats[file] = before

    def _result(self, file: DagFileInfo, process: FolderProcess) -> DagFileParsingResult | None:
        """Return what is to be stored of *file*, or None where it must be parsed again."""
        path = str(file.absolute_path)
        if process.is_outdated(path):
            return None
        if result := process.results.get(path):
            self._suspects.discard(file)
            return result
        if process.suspect != path or process.stopped:
            return None
        self._suspects.add(file)
        self.log.error("%s: %s", file.rel_path, process.fate(self.processor_timeout))
        # With others in the process, one of them may have done it.
        return self._lost(file, process) if len(process.files) == 1 else None

    def _lost(self, file: DagFileInfo, process: FolderProcess) -> DagFileParsingResult:
        self._retries[file] = time.monotonic() + self.retry_seconds
        fate = process.fate(self.processor_timeout)
        text = f"{file.rel_path}: {fate}. The file is tried again every {self.retry_seconds:g} seconds."
        return failure(str(file.absolute_path), str(file.rel_path), text)

    def _kill_timed_out_processors(self) -> None:
        for process in self._unique_processes():
            if not process.hung and process.silence > self.processor_timeout * process.turns:
                process.end_hung()

    def terminate(self) -> None:
        """End all processes."""
        for process in self._unique_processes():
            process.kill()
        if self._teller is not None:
            self._teller.kill()

    # Storing it.

    def persist_parsing_result(self, **result: Any) -> None:
        """Keep *result* until the round ends: storing twenty DAGs at once costs half of storing them one by one."""
        self._collected.append(result)

    def _collect_results(self) -> None:
        super()._collect_results()  # type: ignore[no-untyped-call]
        collected, self._collected = self._collected, []
        for bundle in {result["bundle_name"] for result in collected}:
            self._persist_together([result for result in collected if result["bundle_name"] == bundle])

    def _persist_together(self, results: Sequence[dict[str, Any]]) -> None:
        try:
            _store(results)
        except Exception:
            self.log.exception(
                "Storing %d parsed files together failed; storing them one by one", len(results)
            )
            for result in results:
                self._persist_alone(result)

    def _persist_alone(self, result: dict[str, Any]) -> None:
        try:
            _store([result])
        except Exception as problem:
            file = self._file_of(result)
            self.log.error("%s could not be stored: %s", file.rel_path, _cause(problem))
            self._retries[file] = time.monotonic() + self.retry_seconds
            # Trouble of the database's own passes, and the DAG as it was stored before goes on.
            if not isinstance(problem, OperationalError):
                self._tell_unstored(result, problem)

    def _tell_unstored(self, result: dict[str, Any], problem: Exception) -> None:
        place = result["relative_fileloc"]
        text = f"{place}: the DAG was read, but the database does not take it: {_cause(problem)}"
        told = failure(result["parsing_result"].fileloc, place, text)
        try:
            _store([result | {"parsing_result": told}])
        except Exception:
            self.log.exception("The import error of %s could not be stored either", place)

    def _file_of(self, result: dict[str, Any]) -> DagFileInfo:
        bundle = next(bundle for bundle in self._dag_bundles if bundle.name == result["bundle_name"])
        return DagFileInfo(
            rel_path=Path(result["relative_fileloc"]), bundle_name=bundle.name, bundle_path=bundle.path
        )


def _folder(file: DagFileInfo) -> Path:
    return file.absolute_path.parent


def _cause(problem: Exception) -> str:
    # What follows in SQLAlchemy's texts is the statement, with every value of it.
    text = str(problem)
    return (text.partition("Original exception was: ")[2] or text).partition("\n")[0]


def _store(results: Sequence[dict[str, Any]]) -> None:
    stored = _merged(results)
    with create_session() as session, written_together(stored["dags"], session):
        update_dag_parsing_results_in_db(**stored, session=session)


def _merged(results: Sequence[dict[str, Any]]) -> dict[str, Any]:
    bundle = results[0]["bundle_name"]
    parsed = [result["parsing_result"] for result in results]
    errors = {(bundle, path): text for one in parsed for path, text in (one.import_errors or {}).items()}
    return {
        "bundle_name": bundle,
        "bundle_version": results[0]["bundle_version"],
        "version_data": results[0]["version_data"],
        "dags": [dag for one in parsed for dag in one.serialized_dags],
        "import_errors": errors,
        "parse_duration": None,
        "warnings": set(),
        "files_parsed": {(bundle, result["relative_fileloc"]) for result in results} | set(errors),
    }


def main() -> None:
    """Run the DAG processor until it is told to stop."""
    from airflow.jobs.dag_processor_job_runner import DagProcessorJobRunner
    from airflow.jobs.job import Job, run_job
    from airflow.utils.providers_configuration_loader import providers_configuration_loaded

    @providers_configuration_loaded
    def run() -> None:
        job = Job()  # type: ignore[no-untyped-call]
        runner = DagProcessorJobRunner(job=job, processor=FolderManager(max_runs=-1))
        run_job(job=runner.job, execute_callable=runner._execute)

    run()


if __name__ == "__main__":
    main()
