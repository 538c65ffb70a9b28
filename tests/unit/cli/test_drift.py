"""`drift` compares as a plan does, keeps none, and says what was deployed last."""

from __future__ import annotations

import json
from typing import Any

from aerodrome import bundle
from aerodrome.local.machine.state import MARK, locate


def test_what_differs_ends_with_code_3(good: Any) -> None:
    """All that a deploy would do is shown; nothing was deployed, and nothing is kept or made."""
    done = good.run("drift")
    assert done.returncode == 3, done.stderr
    assert "DAG alpha.daily" in done.stdout and "deployed last:   nothing that is on record" in done.stdout
    assert "no deploy is on record: what differs may not be deployed yet" in done.stdout
    assert not (good.root / ".aerodrome/plans").exists() and not (good.root.parent / "state").exists()


def test_what_was_published_last_stands_beside_this_work_tree(good: Any) -> None:
    """With its time; this machine has no other record."""
    layout = locate(good.root, good.root.parent / "state")
    for name in ("config", "homes", "runtimes", "secrets"):
        (layout.state / name).mkdir(parents=True)
    (layout.state / MARK).touch()
    bundle.create(layout.bundle)
    bundle.publish(layout.bundle, {"gone/old.py": "x = 1\n"}, source="c0ffee123456")
    found = json.loads(good.run("drift", "--json").stdout)
    assert found["deployed"]["commit"] == "c0ffee123456" and found["deployed"]["when"].startswith("20")
    assert found["differs"] is True and found["by_hand"] is None
    assert "DAG gone.old" in {change["what"] for change in found["changes"]}


def test_a_mistake_is_told_and_does_not_hide_what_differs(good: Any) -> None:
    """The rest was compared all the same."""
    good.dag("beta", "broken", "dag_id: broken\ntasks: [{id: go, uses: flow.emty}]\n")
    done = good.run("drift")
    assert done.returncode == 3 and "DAG alpha.daily" in done.stdout
    assert "note: tenants/beta/dags/broken.yaml:2:" in done.stdout and "flow.emty" in done.stdout
