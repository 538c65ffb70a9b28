"""An environment and tenants that exist on paper only."""

from __future__ import annotations

import sys
from pathlib import Path

# Test folders are no packages: the module there has a name of its own.
sys.path.insert(0, str(Path(__file__).parents[2] / "airflow/secrets_control"))
