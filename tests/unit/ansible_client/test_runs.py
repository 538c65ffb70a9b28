"""Real runs of Ansible: what comes out of them, and what does not."""

from __future__ import annotations

import json
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from aerodrome.clients.ansible import Play
from aerodrome.clients.ansible_folder import PREFIX, memory

SECRET = "Zq7-secret-of-a-test-Zq7"


class Watched(threading.Thread):
    """Reads the arguments and variables of every process, again and again, while the block runs."""

    def __init__(self) -> None:
        super().__init__(daemon=True)
        self.ended = threading.Event()
        self.seen: set[str] = set()
        self.looks = 0

    def __enter__(self) -> Watched:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.join()

    def run(self) -> None:
        """Look until the block ends."""
        while not self.ended.wait(0.01):
            self.looks += 1
            for process in Path("/proc").glob("[0-9]*"):
                for name in ("cmdline", "environ"):
                    with suppress(OSError):
                        if SECRET.encode() in (process / name).read_bytes():
                            self.seen.add(f"{name} of {(process / 'cmdline').read_bytes()!r}")


def holding(folder: Path) -> list[Path]:
    """Return the files below *folder* that hold the secret."""
    files = [path for path in folder.rglob("*") if path.is_file() and not path.is_symlink()]
    return [path for path in files if SECRET.encode() in path.read_bytes()]


def test_a_secret_reaches_its_file_and_nothing_else(runs: Any, tmp_path: Path) -> None:
    """No argument and no variable of any process, no line of Ansible's loudest output, nothing left."""
    runs.write(
        'ansible.builtin.copy: {content: "{{ password }}", dest: "{{ place }}", mode: "0600"}',
        'ansible.builtin.debug: {msg: "{{ password }} aloud"}',
        'ansible.builtin.fail: {msg: "cannot use {{ password }}"}',
    )
    with Watched() as watched:
        outcome = runs.run("one", secrets={"password": SECRET}, place=str(tmp_path / "held"), verbosity=4)
    assert (tmp_path / "held").read_text() == SECRET and outcome.failures[
        "one"
    ].message == "cannot use <password>"
    assert not watched.seen and watched.looks > 20
    assert SECRET not in "\n".join(runs.said) and SECRET not in str(outcome.failures)
    assert holding(tmp_path) == [tmp_path / "held"]
    assert not [path for path in memory().glob(f"{PREFIX}*") if holding(path)]


@pytest.mark.parametrize("password", ["Zq7-of-sudo-Zq7", 'Zq7"of\\sudo é'])
def test_the_password_of_sudo_is_shown_by_nothing(runs: Any, tmp_path: Path, password: str) -> None:
    """All hosts share it, and whoever types it may use characters that Ansible's output writes otherwise."""
    runs.write(
        'ansible.builtin.copy: {content: "{{ ansible_become_password }}", dest: "{{ place }}", mode: "0600"}',
        "ansible.builtin.debug: {var: ansible_become_password}",
        'ansible.builtin.fail: {msg: "cannot use {{ ansible_become_password }}"}',
    )
    asked = {"ansible_become_password": password}
    outcome = runs.run("one", common=asked, place=str(tmp_path / "held"), verbosity=4)
    assert (tmp_path / "held").read_text() == password
    assert outcome.failures["one"].message == "cannot use <ansible_become_password>"
    said = "\n".join(runs.said)
    assert "<ansible_become_password>" in said
    assert not [each for each in (password, json.dumps(password)[1:-1]) if each in said]
    assert password not in repr(Play("test", {"one": asked}, asked))


def test_check_shows_the_lines_that_would_differ(runs: Any, tmp_path: Path) -> None:
    """Of each file, without secrets, and no more than people read; nothing of them where files are really written."""
    places = {name: str(tmp_path / name) for name in ("short", "long", "hidden")}
    Path(places["short"]).write_text("a\nb\n")
    copy = (
        '{name: Write %s, no_log: %s, ansible.builtin.copy: {content: "%s", dest: "{{ %s }}", mode: "0600"}}'
    )
    runs.write(
        copy % ("it", "false", "a\\n{{ password }}\\n", "short"),
        copy % ("more", "false", "\\n".join(map(str, range(50))), "long"),
        copy % ("what is secret", "true", "c", "hidden"),
    )
    runs.run("one", secrets={"password": SECRET}, check=True, **places)
    short = [f"one:   {line}" for line in ("@@ -1,2 +1,2 @@", " a", "-b", "+<password>")]
    assert runs.said[0] == "one: would Write it" and runs.said[3:7] == short
    assert runs.said[7] == "one: would Write more" and runs.said[48:] == [
        "one:   … and 14 lines more: VERBOSE=1 shows them"
    ]
    assert not Path(places["long"]).exists()
    runs.said.clear()
    runs.run("one", secrets={"password": SECRET}, **places)
    assert runs.said[:2] == ["one: Write it", "one: Write more"]


def test_text_with_braces_arrives_as_it_is(runs: Any, tmp_path: Path) -> None:
    """airflow.cfg has templates of its own, which are not Ansible's; nor are a password's braces."""
    text = "log = {{ ti.dag_id }}/{% if x %}{# no #}é\n"
    runs.write(
        'ansible.builtin.copy: {content: "{{ text }}{{ password }}", dest: "{{ place }}", mode: "0600"}'
    )
    outcome = runs.run("one", secrets={"password": "{{ 1 }}"}, text=text, place=str(tmp_path / "file"))
    assert not outcome.failures and (tmp_path / "file").read_text() == f"{text}{{{{ 1 }}}}"


def test_one_host_that_fails_stops_no_other(runs: Any, tmp_path: Path) -> None:
    """What changed is counted for each."""
    runs.write(
        'ansible.builtin.fail: {msg: "no room for {{ inventory_hostname }}"}\n      when: inventory_hostname == "two"',
        'ansible.builtin.copy: {content: x, dest: "{{ place }}-{{ inventory_hostname }}", mode: "0600"}',
    )
    outcome = runs.run("one", "two", place=str(tmp_path / "of"))
    assert set(outcome.failures) == {"two"} and outcome.failures["two"].message == "no room for two"
    assert (tmp_path / "of-one").exists() and outcome.changed == {"one": 1}
    assert [line for line in runs.said if "one: " in line]


def test_a_rescue_mends_or_explains(runs: Any) -> None:
    """What it mended is no failure; of two that failed the one is told that people understand."""
    runs.write(
        '{name: Try, block: [{name: First, ansible.builtin.fail: {msg: "No space left on device"}}], rescue: ['
        '{name: Second, ansible.builtin.fail: {msg: "{{ words[inventory_hostname] }}"}, '
        'when: "words[inventory_hostname] | length > 0"}]}'
    )
    outcome = runs.run("one", "two", "three", words={"one": "", "two": "Worn out. Buy one.", "three": "no"})
    told = {name: (failure.message, failure.remedy) for name, failure in outcome.failures.items()}
    assert told.keys() == {"two", "three"} and told["two"] == ("Worn out", "Buy one.")
    assert told["three"][0] == "its disk is full"


@pytest.mark.parametrize(
    "old",
    [
        "sys.version_info, sys.version = (3, 7, 3), '3.7.3'",
        "sys.exit('SyntaxError: future feature annotations is not defined')",
    ],
    ids=["3.7", "3.6"],
)
def test_a_python_that_is_too_old_is_told(runs: Any, tmp_path: Path, old: str) -> None:
    """As machines beside an older Hadoop have it; what is needed is said."""
    (tmp_path / "sitecustomize.py").write_text(f"import sys\n{old}\n")
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nPYTHONPATH={tmp_path} exec {sys.executable} "$@"\n')
    python.chmod(0o755)
    runs.write("ansible.builtin.ping: {}")
    (failure,) = runs.run("one", ansible_python_interpreter=str(python)).failures.values()
    assert failure.message == "its Python is too old for Ansible" and "Debian 12" in failure.remedy


def test_where_packages_are_is_known_within_a_run(runs: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """The wheels of tenants are fetched there; other variables of a shell stay outside."""
    for name in ("PIP_FIND_LINKS", "https_proxy", "ANSIBLE_BECOME_USER", "PYTHONPATH"):
        monkeypatch.setenv(name, f"said-{name}")
    names = "['PIP_FIND_LINKS', 'https_proxy', 'ANSIBLE_BECOME_USER', 'PYTHONPATH']"
    runs.write(f"""ansible.builtin.fail: {{msg: "{{{{ query('env', *{names}) | join(' ') }}}}"}}""")
    message = runs.run("one").failures["one"].message
    assert message.split() == ["said-PIP_FIND_LINKS", "said-https_proxy"]
