"""How the DAG processor ends."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

from .conftest import settings

# A library that catches everything is at work whenever a signal comes.
CATCHING = """
import os, signal
from aerodrome_airflow import dag_processor

def refresh(self, known_files):
    try:
        os.kill(os.getpid(), signal.SIGTERM)
    except BaseException:
        pass

dag_processor.FolderManager._refresh_dag_bundles = refresh
dag_processor.main()
"""


def test_an_end_that_a_library_catches_comes_all_the_same(processor: Any, tmp_path: Path) -> None:
    """With the next round."""
    info = processor.connection.info
    uri = f"postgresql+psycopg://tester:{info.password}@127.0.0.1:{info.port}/processor"
    own = settings(processor.folder, uri) | {
        "AIRFLOW__DAG_PROCESSOR__DAG_BUNDLE_STORAGE_PATH": str(tmp_path / "bundles")
    }
    command = [sys.executable, "-c", CATCHING]
    done = subprocess.run(command, env=own, capture_output=True, text=True, check=False, timeout=90)
    assert done.returncode == 0 and "Exiting gracefully" in done.stdout + done.stderr
