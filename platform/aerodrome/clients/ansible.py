"""ansible-runner: runs one of our playbooks on hosts. Secrets go through files in memory and nowhere else."""

from __future__ import annotations

import json
import os
import re
import shlex
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from aerodrome.clients import ansible_modules
from aerodrome.clients.ansible_events import Listener
from aerodrome.clients.ansible_failures import HostFailure
from aerodrome.clients.ansible_folder import private_folder
from aerodrome.clients.interruption import Interruption
from aerodrome.errors import AerodromeError
from aerodrome.hosts.entry import is_password
from aerodrome.progress import Progress

Variables = Mapping[str, Any]
_PYTHON = {"ansible_python_interpreter": "/usr/bin/python3"}
_OWN = ("HOME", "LOGNAME", "USER", "PATH", "SSH_AUTH_SOCK", "TZ", "KRB5CCNAME")
_RUNNERS = ("AWX_", "RUNNER_", "ANSIBLE_CALLBACK_PLUGINS", "ANSIBLE_STDOUT_CALLBACK")
# Where packages are: the wheels of a tenant are fetched here, within the run.
_INDEX = re.compile(r"PIP_\w+|SSL_CERT_(FILE|DIR)|(https?|all|no)_proxy", re.IGNORECASE)
_SSH = (
    "-o ControlMaster=auto -o ControlPersist=60s -o ConnectTimeout=10"
    " -o ServerAliveInterval=15 -o ServerAliveCountMax=4"
)
# Seconds between two looks at what runs: a thousand in a second, as Ansible has it, take a tenth of a processor.
_SETTINGS = "[defaults]\ninternal_poll_interval = 0.02\n"
# Each of them is a process of some 60 MiB here.
FORKS = 20


@dataclass(frozen=True)
class Play:
    """One run of *playbook*: the hosts with their variables, the secrets of each, and what all of them share.

    *check* changes nothing; *verbosity* over 0 passes Ansible's own output on as progress, secrets taken out. What
    tells Ansible a password, such as that of sudo, is a secret wherever it stands.
    """

    playbook: str
    hosts: Mapping[str, Variables] = field(repr=False)
    common: Variables = field(default_factory=dict, repr=False)
    secrets: Mapping[str, Mapping[str, str]] = field(default_factory=dict, repr=False)
    check: bool = False
    verbosity: int = 0


@dataclass(frozen=True)
class Outcome:
    """How a run ended: host → failure, host → what our own module said last, host → number of changed tasks."""

    failures: Mapping[str, HostFailure]
    answers: Mapping[str, Mapping[str, Any]]
    changed: Mapping[str, int]


def run(play: Play, content: Path, progress: Progress) -> Outcome:
    """Run the play with the playbooks and roles of the folder *content*; what hosts fail with is in the outcome.

    AerodromeError where Ansible itself fails. Ctrl-C is passed on to Ansible, which ends what it does on the
    hosts; then KeyboardInterrupt is raised. Of the run only packed modules and bytecode stay, for the next one.
    """
    if not play.hosts:
        return Outcome({}, {}, {})
    hidden = _hidden(play)
    listener = Listener(progress, hidden, play.verbosity > 0, play.check)
    with private_folder() as folder:
        _write(folder, play)
        try:
            code = _started(folder, play, content, listener)
        finally:
            _end_connections(folder)
    if not listener.finished:
        raise AerodromeError(
            f"Ansible ended with {code}: {_reason(listener)}", "make workers VERBOSE=1 shows what it says"
        )
    return Outcome(listener.failures, listener.answers, listener.changed)


def _started(folder: Path, play: Play, content: Path, listener: Listener) -> int:
    # Loaded only here: nine of ten commands have nothing to do with it.
    from ansible_runner.config.runner import RunnerConfig
    from ansible_runner.runner import Runner

    config = RunnerConfig(
        private_data_dir=str(folder),
        inventory=str(folder / "inventory" / "hosts.yml"),
        # Where this program is killed, Ansible is interrupted: nobody would see what it goes on doing.
        binary="setpriv",
        cmdline=shlex.join(_command(play, content)),
        fact_cache_type="memory",
        quiet=True,
    )
    config.prepare()
    config.env = _environment(config.env, folder, play, content)
    # What an inventory names without a slash before it lies in the repository.
    config.cwd = str(content.parent)
    with Interruption(folder) as interruption:
        runner = Runner(config, event_handler=listener, cancel_callback=interruption.again)
        runner.run()
    return int(runner.rc if runner.rc is not None else -1)


def _command(play: Play, content: Path) -> list[str]:
    program = Path(sys.executable).parent / "ansible-playbook"
    options = ["--check", "--diff"] if play.check else []
    loud = [f"-{'v' * min(play.verbosity, 4)}"] if play.verbosity > 1 else []
    playbook = content / "playbooks" / f"{play.playbook}.yml"
    return ["--pdeathsig", "INT", "--", sys.executable, str(program), *options, *loud, str(playbook)]


def _write(folder: Path, play: Play) -> None:
    hosts = {
        name: {**_PYTHON, **variables, **play.secrets.get(name, {})} for name, variables in play.hosts.items()
    }
    inventory = {"all": {"vars": dict(play.common), "hosts": hosts}}
    for name in ("inventory", "env", "connections", "temporary", "home"):
        (folder / name).mkdir(mode=0o700)

    _private(folder / "inventory" / "hosts.yml", _yaml(inventory))
    _private(folder / "env" / "settings", json.dumps({"suppress_output_file": True, "pexpect_timeout": 1}))
    _private(folder / "ansible.cfg", _SETTINGS)


def _yaml(value: Any) -> str:
    """Return *value* as YAML of one line in which nothing is a template to Ansible: airflow.cfg has braces too."""
    if isinstance(value, Mapping):
        return "{" + ", ".join(f"{json.dumps(str(key))}: {_yaml(each)}" for key, each in value.items()) + "}"
    if isinstance(value, list | tuple):
        return "[" + ", ".join(map(_yaml, value)) + "]"
    text = json.dumps(value, ensure_ascii=False)
    return f"!unsafe {text}" if isinstance(value, str) and "{" in value else text


def _private(path: Path, text: str) -> None:
    descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "w", encoding="utf-8") as stream:
        stream.write(text)


def _environment(made: Mapping[str, str], folder: Path, play: Play, content: Path) -> dict[str, str]:
    """Return Ansible's environment: of this program's what SSH and pip need; no other variable changes a run."""
    theirs = {
        key: value
        for key, value in made.items()
        if key in _OWN or key.startswith(_RUNNERS) or _INDEX.fullmatch(key)
    }
    return {
        **theirs,
        "LC_ALL": "C.UTF-8",
        "TMPDIR": str(folder / "temporary"),
        "ANSIBLE_CONFIG": str(folder / "ansible.cfg"),
        "ANSIBLE_HOME": str(folder / "home"),
        "ANSIBLE_LOCAL_TEMP": str(folder / "temporary"),
        "ANSIBLE_SSH_CONTROL_PATH_DIR": str(folder / "connections"),
        "ANSIBLE_SSH_ARGS": _SSH,
        "ANSIBLE_HOST_KEY_CHECKING": "True",
        # A module comes through the connection: neither it nor what it is told is written to the host's disk.
        "ANSIBLE_PIPELINING": "True",
        "ANSIBLE_TIMEOUT": "20",
        "ANSIBLE_FORKS": str(min(FORKS, len(play.hosts))),
        "ANSIBLE_GATHERING": "explicit",
        "ANSIBLE_INVENTORY_ENABLED": "yaml",
        "ANSIBLE_ROLES_PATH": str(content / "roles"),
        "ANSIBLE_LIBRARY": str(content / "library"),
        "ANSIBLE_MODULE_UTILS": str(content / "module_utils"),
        "ANSIBLE_NOCOLOR": "1",
        "ANSIBLE_DEPRECATION_WARNINGS": "False",
        "ANSIBLE_LOCALHOST_WARNING": "False",
        **ansible_modules.variables(content, theirs.get("ANSIBLE_CALLBACK_PLUGINS", "")),
    }


def _hidden(play: Play) -> dict[str, str]:
    """Return secret → what is shown for it; the longest first, for one may hold another."""
    passwords = [
        pair
        for given in (play.common, *play.hosts.values())
        for pair in given.items()
        if is_password(pair[0])
    ]
    # Who somebody is, is no secret; people want to read it.
    secrets = [
        pair for given in play.secrets.values() for pair in given.items() if not pair[0].endswith("_id")
    ]
    found = {
        spelling: f"<{name}>" for name, value in (*passwords, *secrets) for spelling in _spellings(str(value))
    }
    return dict(sorted(found.items(), key=lambda entry: -len(entry[0])))


def _spellings(secret: str) -> set[str]:
    """Return how *secret* may be written: people type passwords with characters that JSON writes otherwise."""
    as_json = (json.dumps(secret, ensure_ascii=only)[1:-1] for only in (True, False))
    return {each for each in (secret, *as_json) if each}


def _end_connections(folder: Path) -> None:
    """End the shared SSH connections, whose sockets are about to go."""
    ending = [
        subprocess.Popen(
            ["ssh", "-O", "exit", "-o", f"ControlPath={path}", "host"],
            stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
        )
        for path in (folder / "connections").glob("*")
    ]  # fmt: skip
    for process in ending:
        process.wait()


def _reason(listener: Listener) -> str:
    lines = [line.strip() for line in listener.said if line.strip()]
    first = next((line for line in lines if "ERROR" in line), lines[-1] if lines else "it did not say why")
    return listener.shown(first)
