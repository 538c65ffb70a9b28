"""Run a PySpark program with its arguments from a file: every user of a machine can read command lines.

Beside this file lies `arguments.json`: the program's path, then its arguments.
"""

from __future__ import annotations

import json
import runpy
import sys
from pathlib import Path


def main() -> None:
    """Run the program as if it had been submitted itself."""
    found = json.loads(Path(__file__).with_name("arguments.json").read_text(encoding="utf-8"))
    sys.argv[:] = found
    sys.path[0] = str(Path(found[0]).parent)
    runpy.run_path(found[0], run_name="__main__")


if __name__ == "__main__":
    main()
