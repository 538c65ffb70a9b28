"""Child program: import the same DAGs from several folders in one process and print the CPU-seconds of each.

The folders take turns, so that a busy moment of the machine meets all of them; a first round warms up.
"""

import gc
import importlib
import json
import sys
import time
from pathlib import Path
from typing import Any

from airflow.dag_processing.dagbag import DagBag
from airflow.serialization.serialized_objects import DagSerialization

from common_plugins.catalogue import entries

PLACES = ("fileloc", "relative_fileloc", "_processor_dags_folder")


def bag(folder: Path) -> tuple[DagBag, float]:
    """Return the DAGs of *folder* and the CPU-seconds of importing them."""
    gc.collect()
    start = time.process_time()
    found = DagBag(folder, safe_mode=False)
    seconds = time.process_time() - start
    if found.import_errors:
        raise SystemExit(next(iter(found.import_errors.values())))
    return found, seconds


def stored(found: DagBag) -> dict[str, Any]:
    """Return what Airflow would store of each DAG, without the place of its file."""
    documents = {name: DagSerialization.to_dict(dag)["dag"] for name, dag in found.dags.items()}
    return {name: {k: v for k, v in dag.items() if k not in PLACES} for name, dag in documents.items()}


def main() -> None:
    """Measure the folders named on the command line; the first two must define equal DAGs."""
    runs, folders = int(sys.argv[1]), [Path(name) for name in sys.argv[2:]]
    for entry in entries().values():
        importlib.import_module(entry.operator.partition(":")[0])
    first = [bag(folder)[0] for folder in folders]
    if stored(first[0]) != stored(first[1]):
        raise SystemExit("the rendered DAGs and those written by hand differ")
    del first
    seconds: dict[str, list[float]] = {folder.name: [] for folder in folders}
    for turn in range(runs):
        for folder in folders[turn % len(folders) :] + folders[: turn % len(folders)]:
            seconds[folder.name].append(bag(folder)[1])
    print("\n" + json.dumps(seconds))


main()
