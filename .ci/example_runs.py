"""Reads `aerodrome status --json`; fails unless the newest run of each example DAG succeeded.

Prints tenant, DAG, run and seconds of each; how many seconds are too many is for `make bench` to say.
"""

from __future__ import annotations

import json
import sys
from pathlib import Path

import yaml


def main() -> int:
    """Return 0 where all is well, 1 with a line for each DAG that is not."""
    rows = {f"{row['tenant']}/dags/{row['dag']}": row for row in json.load(sys.stdin)["dags"]}
    manifests = Path(__file__).parents[1].glob("tenants/*/dags/*.*")
    expected = {f"{path.parts[-3]}/dags/{path.stem}" for path in manifests if _published(path)}
    wrong = sorted(expected ^ rows.keys()) or [
        name for name, row in sorted(rows.items()) if row["state"] != "success"
    ]
    for row in rows.values():
        sys.stdout.write(f"{row['tenant']} {row['dag']} {row['run']} {row['seconds']}\n")
    sys.stderr.write("".join(f"not well: {name} {rows.get(name)}\n" for name in wrong))
    return 1 if wrong or not expected else 0


def _published(manifest: Path) -> bool:
    said = yaml.safe_load(manifest.read_text(encoding="utf-8"))
    here = said.get("environments", {}).get("local", {})
    return bool(here.get("enabled", said.get("enabled", True)))


if __name__ == "__main__":
    sys.exit(main())
