"""What molecule's playbooks call: hosts for the platforms of a scenario, and files that are too large for SSH."""

from __future__ import annotations

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
sys.path[:0] = [str(HERE), str(HERE.parent / "shared")]

import yaml  # noqa: E402
from fleet.stage import Stage  # noqa: E402


def main() -> int:
    """`create` or `destroy` the scenario's hosts, or `bring` them the content of a tar file."""
    command, *files = sys.argv[1:]
    platforms = yaml.safe_load(Path(os.environ["MOLECULE_FILE"]).read_text(encoding="utf-8"))["platforms"]
    role = Path(os.environ["MOLECULE_PROJECT_DIRECTORY"]).name
    names = tuple(platform["name"] for platform in platforms)
    stage = Stage(role, os.environ["MOLECULE_SCENARIO_NAME"], names)
    told = Path(os.environ["MOLECULE_INSTANCE_CONFIG"])
    if command == "create":
        # What is left of an attempt that failed.
        stage.remove()
        told.write_text(yaml.safe_dump(stage.start()), encoding="utf-8")
    elif command == "destroy":
        stage.remove()
        told.write_text("[]\n", encoding="utf-8")
    for file in files:
        stage.bring(Path(file))
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
