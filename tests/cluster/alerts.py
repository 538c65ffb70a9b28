"""Part of `make test-cluster`: promtool, of Debian's prometheus, reads all alerts and runs their cases.

The chart's cases stand in tests/chart/telemetry/alerts.test.yaml; what can be said without promtool is tested beside
them. Those of hosts stand here.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

import yaml

REPOSITORY = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(REPOSITORY / "tests/shared"), str(REPOSITORY / "platform")]

from aerodrome.helm_binaries import fetch_helm  # noqa: E402
from debian import NotHereError, ensure  # noqa: E402
from helm_process import objects_in, run_helm  # noqa: E402

CHART = REPOSITORY / "helm/airflow"
CASES = REPOSITORY / "tests/chart/telemetry/alerts.test.yaml"
OF_HOSTS = REPOSITORY / "ansible/roles/worker_metrics/files/alerts.yml"
CASES_OF_HOSTS = REPOSITORY / "tests/cluster/hosts.test.yaml"
Rules = dict[str, Any]


def rendered() -> Rules:
    """Return the rules of the example, as Prometheus reads them."""
    helm = fetch_helm(REPOSITORY / ".venv/helm")["helm3"]
    values = CHART / "examples/telemetry.yaml"
    done = run_helm([helm, "template", "r", CHART, "--namespace=data", "--values", values])
    if done.returncode:
        raise SystemExit(done.stderr)
    (rules,) = [one for one in objects_in(done.stdout) if one["kind"] == "PrometheusRule"]
    return dict(rules["spec"])


def without_annotations(rules: Rules) -> Rules:
    """Return *rules* as the cases compare them: promtool compares annotations word by word."""
    groups = [
        group | {"rules": [{k: v for k, v in rule.items() if k != "annotations"} for rule in group["rules"]]}
        for group in rules["groups"]
    ]
    return {"groups": groups}


def run(promtool: str, folder: Path) -> int:
    """Check the rules as they are installed, then run the cases in *folder*; return promtool's exit code."""
    of_hosts = yaml.safe_load(OF_HOSTS.read_text(encoding="utf-8"))
    for rules, name, cases in ((rendered(), "alerts", CASES), (of_hosts, "hosts", CASES_OF_HOSTS)):
        if code := run_cases(promtool, folder, rules, name, cases):
            return code
    return 0


def run_cases(promtool: str, folder: Path, rules: Rules, name: str, cases: Path) -> int:
    """Check *rules*, then run *cases*, which find them as *name*; return promtool's exit code."""
    (folder / "installed.yaml").write_text(yaml.safe_dump(rules))
    (folder / f"{name}.yaml").write_text(yaml.safe_dump(without_annotations(rules)))
    shutil.copy(cases, folder)
    for command in (["check", "rules", "installed.yaml"], ["test", "rules", cases.name]):
        if code := subprocess.run([promtool, *command], cwd=folder, check=False).returncode:
            return code
    return 0


def main() -> int:
    """Install promtool where it is missing, and run it; 0 also where there is no root, which is said."""
    if not shutil.which("promtool"):
        if os.geteuid() != 0:
            print("test-cluster: skipped. It needs promtool; root installs it with Debian's prometheus.")
            return 0
        try:
            ensure(("prometheus",))
        except NotHereError as problem:
            print(f"test-cluster: {problem}", file=sys.stderr)
            return 1
    with tempfile.TemporaryDirectory() as folder:
        return run(shutil.which("promtool") or "promtool", Path(folder))


if __name__ == "__main__":
    raise SystemExit(main())
