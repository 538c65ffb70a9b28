"""The DAG processor that parses the files of one tenant in one process: `python -m aerodrome_airflow.dag_processor`.

Airflow's own forks a process per file, which costs about 0.1 CPU-seconds each: more than reading, checking and storing
the DAG. The files, their errors and everything stored stay per file. `airflow dag-processor` reads the same bundle.
"""

from __future__ import annotations

import functools
import importlib
import os
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING, Any

import attrs
import structlog
from airflow.dag_processing.collection import update_dag_parsing_results_in_db
from airflow.dag_processing.manager import DagFileInfo, DagFileProcessorManager
from airflow.dag_processing.processor import (
    DagFileParsingResult,
    DagFileProcessorProcess,
    ToDagProcessor,
    ToManager,
    _parse_file,
)
from airflow.utils.session import create_session
from pydantic import TypeAdapter
from uuid6 import uuid7

from aerodrome_airflow.dag_rights import only_differing
from common_plugins.catalogue import entries

if TYPE_CHECKING:
    from structlog.typing import FilteringBoundLogger

FILES_PER_PROCESS = 50
IDLE_SECONDS = 3.0
# What Airflow imports while it stores a DAG, and the policy: each child would import it again.
ALSO_PRELOADED = (
    "aerodrome.policy.rules",
    "aerodrome_airflow.alerts",
    "aerodrome_airflow.facts",
    "airflow.providers.standard.operators.trigger_dagrun",
    "airflow.providers.standard.sensors.external_task",
)


def parse_files(files: Sequence[str]) -> None:
    """Parse *files* in this child process and send one result each, as soon as it is there."""
    # As in Airflow's own child: DAG code has no access to the database.
    os.environ["_AIRFLOW_PROCESS_CONTEXT"] = "client"
    from airflow.sdk.execution_time import comms, task_runner

    channel = comms.CommsDecoder[ToDagProcessor, ToManager](
        body_decoder=TypeAdapter[ToDagProcessor](ToDagProcessor)
    )
    request: Any = channel._get_response()
    task_runner.SUPERVISOR_COMMS = channel  # type: ignore[assignment]
    log = structlog.get_logger(logger_name="task")
    for file in files:
        result = _parse_file(request.model_copy(update={"file": file}), log)
        if result is not None:
            channel.send(result)


@attrs.define(kw_only=True)
class FolderProcess(DagFileProcessorProcess):
    """A child process that parses several files of one tenant."""

    file_count: int
    results: dict[str, DagFileParsingResult] = attrs.field(factory=dict, init=False)

    def _handle_request(self, msg: ToManager, log: FilteringBoundLogger, req_id: int) -> None:
        if isinstance(msg, DagFileParsingResult):
            self.results[msg.fileloc] = msg
        super()._handle_request(msg, log, req_id)


@attrs.define(kw_only=True)
class FolderManager(DagFileProcessorManager):
    """Airflow's manager with one process per tenant folder instead of one per file."""

    _collected: list[dict[str, Any]] = attrs.field(factory=list, init=False)
    _alone: set[DagFileInfo] = attrs.field(factory=set, init=False)
    """Files whose common process died: each is parsed by itself, so that only the culprit's stays unread."""

    def before_run(self) -> None:
        """Import what DAG files import once, before the first fork."""
        operators = {entry.operator.partition(":")[0] for entry in entries().values()}
        for module in sorted(operators.union(ALSO_PRELOADED)):
            importlib.import_module(module)
        super().before_run()

    def _refresh_dag_bundles(self, known_files: dict[str, set[DagFileInfo]]) -> None:
        # A file that changes while it is parsed would count as parsed after its change, and be left until the next
        # full pass. Only a refresh changes files, so it waits for the running processes.
        if all(process.had_callbacks for process in self._processors.values()):
            super()._refresh_dag_bundles(known_files)

    def _start_new_processes(self) -> None:
        while self._file_queue and self._running() < self._parallelism:
            first = next(iter(self._file_queue))
            files = list(self._take(first))
            single = len(files) == 1
            process = self._create_process(first) if single else self._create_folder_process(files)
            self._processors.update(dict.fromkeys(files, process))

    def _running(self) -> int:
        return len({id(process) for process in self._processors.values()})

    def _take(self, first: DagFileInfo) -> Iterator[DagFileInfo]:
        """Take *first* from the queue, and what may share its process."""
        together = [file for file in self._file_queue if self._may_share(first, file)]
        for file in together[:FILES_PER_PROCESS] or [first]:
            self._file_queue.pop(file)
            # Already being parsed: this request waits for the next round, as in Airflow's own manager.
            if file not in self._processors:
                yield file

    def _may_share(self, first: DagFileInfo, file: DagFileInfo) -> bool:
        if first in self._alone or first in self._callback_to_execute:
            return False
        if file in self._alone or file in self._callback_to_execute:
            return False
        return (file.bundle_name, file.rel_path.parts[0]) == (first.bundle_name, first.rel_path.parts[0])

    def _create_folder_process(self, files: Sequence[DagFileInfo]) -> FolderProcess:
        first = files[0]
        logger, handle = self._get_logger_for_dag_file(first)
        assert first.bundle_path is not None
        return FolderProcess.start(
            id=uuid7(),
            path=first.absolute_path,
            bundle_path=first.bundle_path,
            bundle_name=first.bundle_name,
            dag_file_rel_path=str(first.rel_path),
            callbacks=[],
            client=self.client,
            target=functools.partial(parse_files, [str(file.absolute_path) for file in files]),
            selector=self.selector,
            logger=logger,
            logger_filehandle=handle,
            file_count=len(files),
        )

    def handle_parsing_result(self, file: DagFileInfo, proc: DagFileProcessorProcess, **session: Any) -> None:
        """Record what came of *file*; one whose process died half way is queued to be parsed alone."""
        self._alone.discard(file)
        if isinstance(proc, FolderProcess):
            proc.parsing_result = proc.results.get(str(file.absolute_path))
            if proc.parsing_result is None:
                self._parse_alone(file)
                return
        super().handle_parsing_result(file, proc, **session)

    def _parse_alone(self, file: DagFileInfo) -> None:
        self._alone.add(file)
        self._add_files_to_queue([file], mode="back")

    def _kill_timed_out_processors(self) -> None:
        before = dict(self._processors)
        super()._kill_timed_out_processors()  # type: ignore[no-untyped-call]
        for file, process in before.items():
            if file not in self._processors and isinstance(process, FolderProcess):
                self._parse_alone(file)

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
            stored = _merged(results)
            with create_session() as session, only_differing(stored["dags"], session):
                update_dag_parsing_results_in_db(**stored, session=session)
        except Exception:
            self.log.exception(
                "Storing %d parsed files together failed; storing them one by one", len(results)
            )
            for result in results:
                with create_session() as session:
                    super().persist_parsing_result(**result | {"session": session})

    def _service_processor_sockets(self, timeout: float | None = 1.0) -> None:
        # Each round asks the database for work. With nothing to parse, a round every few seconds is enough.
        idle = not self._processors and not self._file_queue
        super()._service_processor_sockets(max(timeout or 0.0, IDLE_SECONDS) if idle else timeout)


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
