"""Records events of real runs of Ansible, on a test host that is broken in one way after another.

Run it as root when Ansible or ansible-runner changed: .venv/bin/python tests/hosts/runner/record.py [name …]
The files go to tests/unit/ansible_client/recorded/; a test there says what each of them has to mean to people.
"""

from __future__ import annotations

import json
import re
import sys
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[3]
sys.path[:0] = [str(ROOT / "tests/hosts"), str(ROOT / "tests/shared")]

from aerodrome.clients import ansible, ansible_events  # noqa: E402
from aerodrome.clients.ansible import Play  # noqa: E402
from fleet.host import Host, start  # noqa: E402
from fleet.image import image  # noqa: E402
from fleet.keys import Keys  # noqa: E402
from fleet.network import ROLES  # noqa: E402

INTO = ROOT / "tests/unit/ansible_client/recorded"
KEPT = {
    "runner_on_ok",
    "runner_on_failed",
    "runner_on_unreachable",
    "runner_retry",
    "playbook_on_stats",
    "error",
}
DATA = {"host", "task", "task_action", "role", "res", "ignore_errors", "changed", "failures", "dark"}
ONLY = frozenset(sys.argv[1:])
"""Names of files; none for all of them."""
KEYS = Keys(ROOT / ".aerodrome/recorded-host", "10.203.78.*")


class Recorder:
    """Runs tasks on the host and keeps their events."""

    def __init__(self, host: Host, content: Path) -> None:
        self.host, self.content = host, content
        self.events: list[Mapping[str, Any]] = []
        (content / "playbooks").mkdir(parents=True)
        for name in ("library", "module_utils"):
            (content / name).symlink_to(ROOT / "ansible" / name)

    def record(self, name: str, *tasks: str, role: str = "node_base", **variables: Any) -> None:
        """Run *tasks* (YAML) as the role *role* and write the events to *name*.json."""
        if ONLY and name not in ONLY:
            return
        self.events.clear()
        folder = self.content / "roles" / role / "tasks"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "main.yml").write_text("\n".join(f"- {task}" for task in tasks) + "\n")
        play = f"- {{hosts: all, gather_facts: false, become: true, roles: [{role}]}}\n"
        (self.content / "playbooks/record.yml").write_text(play)
        reach = {
            "ansible_host": self.host.address,
            "ansible_user": "ops",
            "ansible_ssh_common_args": f"-F {KEYS.settings}",
        }
        ansible.run(Play("record", {"hadoop1": {**reach, **variables}}), self.content, print)
        text = json.dumps(self.events, indent=1, ensure_ascii=False)
        # What differs from run to run and from machine to machine says nothing.
        text = re.sub(r"/dev/shm/aerodrome-ansible-\w+", "/dev/shm/aerodrome-ansible", text)
        (INTO / f"{name}.json").write_text(text.replace(str(ROOT), "/repository") + "\n")
        print(f"{name}: {len(self.events)} events")

    def keep(self, event: Mapping[str, Any]) -> None:
        """Keep what is of interest of *event*."""
        if event.get("event") in KEPT:
            data = {key: value for key, value in (event.get("event_data") or {}).items() if key in DATA}
            self.events.append(
                {"event": event["event"], "event_data": data, "stdout": event.get("stdout", "")}
            )


def main() -> None:
    """Break the host in every way that is known, and record what Ansible says."""
    INTO.mkdir(exist_ok=True)
    host = start("recorded", ROLES, KEYS, image())
    original: Callable[..., bool] = ansible_events.Listener.__call__
    with tempfile.TemporaryDirectory() as folder:
        recorder = Recorder(host, Path(folder))

        def both(listener: ansible_events.Listener, event: Mapping[str, Any]) -> bool:
            recorder.keep(event)
            return original(listener, event)

        ansible_events.Listener.__call__ = both  # type: ignore[method-assign]
        try:
            way_there(recorder)
            becoming_root(recorder)
            at_work(recorder)
        finally:
            host.remove()


def way_there(recorder: Recorder) -> None:
    """What goes wrong before a task begins."""
    ping, host = "{name: Look, ansible.builtin.ping: {}}", recorder.host
    known = recorder.content / "known_hosts"
    only = f"-F {KEYS.settings} -o GlobalKnownHostsFile=/dev/null -o UserKnownHostsFile={known}"
    recorder.record("timeout", ping)
    known.write_text("")
    recorder.record("host_key_unknown", ping, ansible_ssh_common_args=f"{only} -o StrictHostKeyChecking=yes")
    other = "AAAAC3NzaC1lZDI1NTE5AAAAIJkTTKLG8XGVtGwUxRm3T8lmrHm0EBLV1y2gJ3tJ0zzB"
    known.write_text(f"{host.address} ssh-ed25519 {other}\n")
    recorder.record("host_key_changed", ping, ansible_ssh_common_args=f"{only} -o StrictHostKeyChecking=yes")
    recorder.record("refused", ping, ansible_port=9)
    recorder.record("no_route", ping, ansible_host="10.203.78.2")
    recorder.record("no_such_name", ping, ansible_host="nowhere.invalid")
    recorder.record("not_let_in", ping, ansible_user="nobody")
    host.freeze()
    try:
        recorder.record("timeout", ping)
    finally:
        host.thaw()


def becoming_root(recorder: Recorder) -> None:
    """What goes wrong with sudo and Python."""
    ping, host = "{name: Look, ansible.builtin.ping: {}}", recorder.host
    rules = host.run("sh", "-c", "grep -rl ops /etc/sudoers.d /etc/sudoers | head -1").stdout.strip()
    before = host.read(rules)
    host.run("sh", "-c", "echo ops:right | chpasswd")
    host.write(rules, "ops ALL=(ALL) ALL\n", "0440")
    recorder.record("sudo_password_missing", ping)
    recorder.record("sudo_password_wrong", ping, ansible_become_password="wrong")
    host.write(rules, "root ALL=(ALL) ALL\n", "0440")
    recorder.record("not_in_sudoers", ping, ansible_become_password="right")
    host.write(rules, before, "0440")
    host.run("mv", "/usr/bin/sudo", "/usr/bin/not-sudo")
    recorder.record("no_sudo", ping)
    host.run("mv", "/usr/bin/not-sudo", "/usr/bin/sudo")
    host.run("mv", "/usr/bin/python3", "/usr/bin/not-python3")
    recorder.record("no_python", ping)
    host.run("mv", "/usr/bin/not-python3", "/usr/bin/python3")


def at_work(recorder: Recorder) -> None:
    """What goes wrong in a role's task, and what does not."""
    host = recorder.host
    recorder.record(
        "changed",
        '{name: Write it, ansible.builtin.copy: {content: "x", dest: /etc/written, mode: "0644"}}',
        "{name: Look, ansible.builtin.ping: {}}",
    )
    host.run("sh", "-c", "mkdir -p /mnt/full && mount -t tmpfs -o size=16k tmpfs /mnt/full")
    big = '{name: Copy it, ansible.builtin.copy: {content: "{{ \'x\' * 100000 }}", dest: /mnt/full/x, mode: "0644"}}'
    recorder.record("disk_full", big)
    state = "environment: lab, digest: x"
    recorder.record("no_room", f"{{name: Compare, aerodrome_state: {{{state}, room: {{/opt: 100000000}}}}}}")
    recorder.record("clock", f"{{name: Compare, aerodrome_state: {{{state}, now: 1000000000}}}}")
    missing = "{name: Install it, ansible.builtin.apt: {name: no-such-package-here}}"
    recorder.record("no_such_package", missing)
    host.run(
        "sh",
        "-c",
        "rm -rf /etc/apt/sources.list.d/*; echo 'deb http://nowhere.invalid/debian x main' > /etc/apt/sources.list",
    )
    recorder.record(
        "package_source", "{name: Install it, ansible.builtin.apt: {name: tree, update_cache: true}}"
    )
    host.write("/etc/systemd/system/broken.service", "[Service]\nExecStart=/bin/false\nType=oneshot\n")
    host.run("systemctl", "daemon-reload")
    start_it = "{name: Start it, ansible.builtin.systemd_service: {name: broken.service, state: started}}"
    recorder.record("unit_does_not_start", start_it)
    too_old = '{name: Be sure, ansible.builtin.assert: {that: false, fail_msg: "It is too old. Install Debian 12."}}'
    recorder.record("assertion", too_old)
    hidden = '{name: Write a secret, ansible.builtin.command: "false", no_log: true}'
    recorder.record("hidden", hidden)
    uv = f"{ROOT}/.venv/bin/uv pip install --dry-run --no-index --python {sys.executable} no-such-package==1"
    here = {
        "ansible_connection": "local",
        "ansible_become": False,
        "ansible_python_interpreter": sys.executable,
    }
    install = f"{{name: Install the packages, ansible.builtin.command: {uv}}}"
    recorder.record("lock", install, role="tenant_runtime", **here)
    recorder.record("lock_of_platform", install, role="python_runtime", **here)


if __name__ == "__main__":
    main()
