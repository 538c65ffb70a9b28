"""A scenario as one playbook: prepare, converge, the same again, verify. Each start of Ansible takes a second or so."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import yaml
from aerodrome.clients import ansible_modules

_ROOT = Path(__file__).resolve().parents[3]
_CALLBACKS = str(_ROOT / "tests/hosts/callbacks")
LAST = "verify"
_WHOLE, _CHANGED = "whole.yml", "changed-again"


def written(folder: Path, books: Mapping[str, Path]) -> dict[str, str]:
    """Write the playbook of *books*, by the names of molecule's steps, and return the environment that it needs.

    The callback lets no part find what another one has found out, and notes what the second converge changes. Where
    that is anything the run fails, as it does where nobody has noted.
    """
    changed, whole = folder / _CHANGED, folder / _WHOLE
    parts = [*(("prepare", path) for name, path in books.items() if name == "prepare")]
    parts += [("converge", books["converge"]), ("idempotence", books["converge"])]
    plays = [_imported(part, path) for part, path in parts]
    whole.write_text(yaml.safe_dump([*plays, _nothing_changed(changed), _imported(LAST, books[LAST])]))
    return {"AERODROME_IN_ONE": str(whole), "AERODROME_CHANGED_AGAIN": str(changed), **_callbacks()}


def _callbacks() -> dict[str, str]:
    shared = ansible_modules.variables(_ROOT / "ansible", _CALLBACKS)
    enabled = [shared[name] for name in ("ANSIBLE_CALLBACKS_ENABLED",) if name in shared]
    own = {"ANSIBLE_CALLBACKS_ENABLED": ",".join(["parts", *enabled])}
    return {"ANSIBLE_CALLBACK_PLUGINS": _CALLBACKS, **shared, **own}


def _imported(part: str, path: Path) -> dict[str, Any]:
    return {"name": part, "import_playbook": str(path), "vars": {"aerodrome_part": part}}


def _nothing_changed(changed: Path) -> dict[str, Any]:
    found = f"lookup('ansible.builtin.file', '{changed}')"
    told = f"The second run has changed something: {{{{ {found} }}}}"
    task = {
        "name": "Require that the second run has changed nothing",
        "ansible.builtin.assert": {"that": f"{found} == ''", "fail_msg": told},
    }
    play = {"name": "Idempotence", "hosts": "all", "gather_facts": False, "tasks": [task]}
    return {**play, "vars": {"aerodrome_part": "idempotence"}}
