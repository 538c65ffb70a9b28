"""The process supervisor: its configuration and what is asked of it."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
from collections.abc import Iterable
from pathlib import Path

from aerodrome.clients.supervisor import Supervisor
from aerodrome.errors import AerodromeError
from aerodrome.local.machine import leftovers
from aerodrome.local.machine.deadline import wait_until
from aerodrome.local.machine.ownership import tail, write_file
from aerodrome.local.machine.state import Layout
from aerodrome.local.processes.process import Process
from aerodrome.local.processes.topology import STORES

_LOG_SIZE = "10MB"


def configuration_file(layout: Layout) -> Path:
    """Return the supervisor's configuration file."""
    return layout.config / "supervisord.conf"


def configuration(layout: Layout, processes: Iterable[Process]) -> str:
    """Return supervisord.conf: nothing starts before it is asked for, everything started stays up."""
    user = "user = root\n" if layout.root else ""
    head = f"""\
[supervisord]
nodaemon = true
silent = true
logfile = {_quoted(layout.process_log("supervisor"))}
logfile_maxbytes = {_LOG_SIZE}
logfile_backups = 1
pidfile = {_quoted(layout.run / "supervisor.pid")}
childlogdir = {_quoted(layout.logs)}
minfds = 4096
{user}
[unix_http_server]
file = {_quoted(layout.supervisor_socket)}
chmod = 0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface

"""
    return head + "\n".join(_program(layout, process) for process in processes)


def _program(layout: Layout, process: Process) -> str:
    environment = {**process.environment, "AERODROME_FINGERPRINT": process.fingerprint}
    settings = {
        "command": _quoted(shlex.join(process.command)),
        "directory": _quoted(process.folder),
        "environment": ",".join(f'{key}="{_quoted(value)}"' for key, value in sorted(environment.items())),
        "priority": process.priority,
        "autostart": "false",
        "autorestart": "true",
        "startsecs": 2,
        "startretries": 8,
        "stopsignal": process.stop_signal,
        "stopwaitsecs": process.stop_seconds,
        "killasgroup": "true",
        "umask": process.umask,
        "redirect_stderr": "true",
        "stdout_logfile": _quoted(layout.process_log(process.name)),
        "stdout_logfile_maxbytes": _LOG_SIZE,
        "stdout_logfile_backups": 2,
    }
    if process.user:
        settings["user"] = process.user
    return f"[program:{process.name}]\n" + "".join(f"{key} = {value}\n" for key, value in settings.items())


def _quoted(text: str | Path) -> str:
    return str(text).replace("%", "%%")


def deployed(layout: Layout) -> dict[str, str]:
    """Return the processes of the last deploy: name → fingerprint."""
    try:
        found: dict[str, str] = json.loads((layout.config / "processes.json").read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return found


def note_deployed(layout: Layout, fingerprints: dict[str, str]) -> None:
    """Remember what runs now, for the next look at differences."""
    write_file(layout.config / "processes.json", json.dumps(fingerprints, sort_keys=True, indent=1))


def client(layout: Layout) -> Supervisor:
    """Return the connection to the supervisor of *layout*."""
    return Supervisor(layout.supervisor_socket)


def starts(layout: Layout) -> tuple[float, ...]:
    """Return the times at which the running supervisor and its processes were started."""
    supervisor = client(layout)
    states = supervisor.processes().values() if supervisor.answers() else ()
    return (*leftovers.supervisor_start(layout), *(float(state.since) for state in states if state.pid))


def ensure_running(layout: Layout) -> bool:
    """Start the supervisor where none answers, after ending what one left; return whether it is new."""
    supervisor = client(layout)
    if supervisor.answers():
        return False
    leftovers.end(layout)
    layout.supervisor_socket.unlink(missing_ok=True)
    _start(layout)
    wait_until(lambda: supervisor.answers() or not leftovers.supervisor_alive(layout), 15)
    if not supervisor.answers():
        raise AerodromeError(
            "the process supervisor did not start",
            tail(layout.process_log("supervisor-start")) or "it wrote no log",
        )
    return True


def _start(layout: Layout) -> None:
    environment = {"PATH": os.defpath, "LC_ALL": "C.UTF-8", "HOME": str(layout.state)}
    command = [
        str(layout.python),
        "-I",
        "-m",
        "supervisor.supervisord",
        "-c",
        str(configuration_file(layout)),
    ]
    with layout.process_log("supervisor-start").open("ab") as log:
        process = subprocess.Popen(
            command,
            cwd=layout.state,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=log,
            # Its session is its mark: whatever of it survives it is found by that number.
            start_new_session=True,
            # Its log files are for the deploying user alone.
            umask=0o077,
        )
    leftovers.note(layout, process.pid)


def shut_down(layout: Layout) -> None:
    """Stop every process and the supervisor, and whatever they left behind."""
    supervisor = client(layout)
    if supervisor.answers():
        names = set(supervisor.processes())
        # What uses the stores goes first, all of it at the same time.
        supervisor.stop(names - set(STORES))
        supervisor.stop(names)
        supervisor.shut_down()
        wait_until(lambda: not leftovers.supervisor_alive(layout), 90)
    leftovers.end(layout)
    layout.supervisor_socket.unlink(missing_ok=True)
