"""Stands in for helm: keeps revisions in the file $HELM_STATE, and has the real one ($HELM_REAL) render templates."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

arguments = sys.argv[1:]
file = Path(os.environ["HELM_STATE"])
state: dict[str, Any] = json.loads(file.read_text())
revisions: list[dict[str, Any]] = state["revisions"]


def after(option: str) -> str:
    """Return what follows *option*, an empty text where it is not there."""
    return arguments[arguments.index(option) + 1] if option in arguments else ""


def say(document: object) -> None:
    """Print *document* as helm does."""
    print(json.dumps(document))


def told(one: dict[str, Any]) -> dict[str, Any]:
    """Return a revision as `helm status` tells it."""
    found = {"version": one["revision"], "info": {"status": one["status"]}, "config": one["values"]}
    # One object that is another in each revision, where a test asks for such.
    body = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": f"of-{one['revision']}"}}
    return {**found, "manifest": json.dumps(body)} if state.get("objects") else found


def add(values: dict[str, Any], status: str) -> dict[str, Any]:
    """Add a revision; where it is deployed, the one before is not any more."""
    for one in revisions if status == "deployed" else ():
        one["status"] = "superseded" if one["status"] == "deployed" else one["status"]
    number = max((one["revision"] for one in revisions), default=0) + 1
    made = {"revision": number, "status": status, "values": values, "chart": "airflow-1.0.0", "updated": ""}
    revisions.append({**made, "app_version": state["app_version"]})
    return revisions[-1]


def main() -> int:
    """Do what is asked for; return helm's exit code."""
    state["calls"].append(arguments[0] + (" --dry-run" if "--dry-run=server" in arguments else ""))
    match arguments[0]:
        case "version":
            print("v3.17.3", end="")
        case "history":
            if not revisions:
                print("Error: release: not found", file=sys.stderr)
                return 1
            say(revisions)
        case "status":
            number = int(after("--revision"))
            say(told(next(one for one in revisions if one["revision"] == number)))
        case "upgrade":
            values = json.loads(sys.stdin.read())
            if "--dry-run=server" in arguments:
                chart = {"metadata": {"appVersion": state["app_version"]}}
                say({"version": 0, "info": {"status": "pending-upgrade"}, "config": values, "chart": chart})
            elif state.get("trouble"):
                add(values, "failed")
                print(f"Error: UPGRADE FAILED: {state['trouble']}", file=sys.stderr)
                return 1
            else:
                say(told(add(values, "deployed")))
        case "rollback":
            add(next(one for one in revisions if one["revision"] == int(arguments[2]))["values"], "deployed")
        case "template" if "--show-only" not in arguments:
            # The releases of these tests have no objects.
            return 0
        case "template":
            rest = [text for text in arguments if text != "--dry-run=server"]
            done = subprocess.run([os.environ["HELM_REAL"], *_without_cluster(rest)], check=False)
            return done.returncode
    return 0


def _without_cluster(rest: list[str]) -> list[str]:
    place = rest.index("--kubeconfig") if "--kubeconfig" in rest else len(rest)
    return rest[:place] + rest[place + 2 :]


code = main()
file.write_text(json.dumps(state))
sys.exit(code)
