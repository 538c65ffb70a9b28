"""More runs of the real Ansible on stand-ins: what a shell, a broken playbook and an end before its time do."""

from __future__ import annotations

import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aerodrome.errors import AerodromeError

LOOKUP = """\
from ansible.plugins.lookup import LookupBase

class LookupModule(LookupBase):
    def run(self, terms, variables=None, **options):
        return ["own"]
"""


def test_check_changes_nothing_and_says_what_would(runs: Any, tmp_path: Path) -> None:
    """Task by task."""
    runs.write(
        '{name: Make a folder, ansible.builtin.file: {state: directory, path: "{{ place }}", mode: "0700"}}'
    )
    runs.run("one", place=str(tmp_path / "folder"), check=True)
    assert runs.said[0] == "one: would Make a folder" and not (tmp_path / "folder").exists()


def test_a_broken_playbook_is_our_fault_in_one_line(runs: Any) -> None:
    """No host is to blame."""
    runs.write("no.such.module: {}")
    with pytest.raises(AerodromeError, match=r"Ansible ended with \d: .*no\.such\.module"):
        runs.run("one")


def test_what_ansible_imports_is_compiled_for_the_next_run(runs: Any) -> None:
    """All of Ansible, too: without that each run begins with half a second of compiling."""
    plugin = runs.content / "playbooks/lookup_plugins/own.py"
    plugin.parent.mkdir()
    plugin.write_text(LOOKUP)
    runs.write("ansible.builtin.debug: {msg: \"{{ lookup('own') }}\"}")
    assert not runs.run("one").failures and plugin.with_name("__pycache__").is_dir()


def test_a_shells_variables_change_no_run(runs: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ansible's log would be a file with whatever tasks say."""
    monkeypatch.setenv("ANSIBLE_LOG_PATH", str(tmp_path / "log"))
    monkeypatch.setenv("ANSIBLE_STRATEGY", "debug")
    runs.write("ansible.builtin.debug: {msg: \"{{ lookup('env', 'ANSIBLE_STRATEGY') }}\"}")
    assert not runs.run("one").failures and not (tmp_path / "log").exists()


KILLED = """
import sys; from pathlib import Path; from aerodrome.clients.ansible import Play, run
host = {"ansible_connection": "local", "ansible_python_interpreter": sys.executable}
try:
    run(Play("test", {"one": host}), Path(sys.argv[1]), lambda line: print(line, flush=True))
except KeyboardInterrupt:
    print("interrupted", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_nothing_goes_on_after_the_end(runs: Any, tmp_path: Path, number: int) -> None:
    """Ctrl-C ends Ansible and what it does here; where this program is killed, Ansible notices."""
    mark = f"{tmp_path}/sleeper"
    Path(mark).symlink_to("/bin/sleep")
    runs.write('{ansible.builtin.command: "true", name: Begin}', f'ansible.builtin.command: "{mark} 300"')
    process = subprocess.Popen(
        [sys.executable, "-c", KILLED, str(runs.content)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout and process.stdout.readline() == "one: Begin\n"
    while not processes(mark):
        time.sleep(0.05)
    process.send_signal(number)
    said = process.stdout.read()
    process.wait()
    while processes(mark) or processes(str(runs.content)):
        time.sleep(0.05)
    assert said == ("interrupted\n" if number == signal.SIGINT else "")


def processes(mark: str) -> list[str]:
    """Return the processes that have *mark* among their arguments."""
    found = []
    for process in Path("/proc").glob("[0-9]*/cmdline"):
        with suppress(OSError):
            found += [str(process)] if mark.encode() in process.read_bytes() else []
    return found
