"""An environment and tenants that exist on paper only."""

from __future__ import annotations

import sys
from pathlib import Path

# Test folders are no packages: the modules here and there have names of their own.
sys.path[:0] = [str(Path(__file__).parent), str(Path(__file__).parents[2] / "airflow/secrets_control")]
