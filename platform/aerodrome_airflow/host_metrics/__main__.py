"""Writes the metrics of a host's workers once; a timer runs it.

python -m aerodrome_airflow.host_metrics --config metrics.json
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from pathlib import Path

from aerodrome_airflow.host_metrics.settings import load
from aerodrome_airflow.host_metrics.tasks import running
from aerodrome_airflow.host_metrics.units import units
from aerodrome_airflow.host_metrics.written import Seen, registry
from aerodrome_airflow.json_settings import SettingsError


def main(arguments: list[str] | None = None) -> int:
    """Return 0 once the file is written, 1 where it cannot be."""
    parser = argparse.ArgumentParser(
        prog="host_metrics", description="Writes metrics of this host's workers."
    )
    parser.add_argument("--config", type=Path, required=True, help="metrics.json")
    options = parser.parse_args(arguments)
    try:
        write(options.config)
    except (SettingsError, OSError, ValueError, subprocess.SubprocessError) as problem:
        sys.stderr.write(f"no metrics of this host's workers: {problem}\n")
        return 1
    return 0


def write(config: Path) -> None:
    """Write the file that *config* names."""
    from prometheus_client import write_to_textfile

    settings = load(config)
    workers = [settings.worker(queue) for queue in settings.slots]
    seen = Seen(time.time(), units((*workers, *settings.units)), running(workers), _logs(settings.logs))
    settings.file.parent.mkdir(parents=True, exist_ok=True)
    write_to_textfile(str(settings.file), registry(settings, seen))


def _logs(file: Path) -> dict[str, float]:
    try:
        said = json.loads(file.read_text(encoding="utf-8"))
    except FileNotFoundError:
        return {}
    return {str(name): float(value) for name, value in said.items()}


if __name__ == "__main__":
    sys.exit(main())
