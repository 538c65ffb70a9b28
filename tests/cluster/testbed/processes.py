"""Processes that a supervisor keeps running, as supervisord's configuration."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from testbed.place import LOGS


def configuration(name: str, socket: Path, commands: Mapping[str, Sequence[str | Path]]) -> str:
    """Return the configuration of the supervisor *name*, who listens at *socket* and runs *commands*, in that order."""
    head = f"""\
[supervisord]
nodaemon = true
silent = true
logfile = {LOGS}/supervisor-{name}.log
pidfile = {socket.with_suffix(".pid")}
user = root
minfds = 4096

[unix_http_server]
file = {socket}
chmod = 0600

[rpcinterface:supervisor]
supervisor.rpcinterface_factory = supervisor.rpcinterface:make_main_rpcinterface
"""
    return head + "".join(_program(*each, order) for order, each in enumerate(commands.items()))


def supervisor(configured: Path) -> list[str]:
    """Return the command of a supervisor with the configuration in the file *configured*."""
    return [sys.executable, "-m", "supervisor.supervisord", "--configuration", str(configured)]


def _program(name: str, command: Sequence[str | Path], order: int) -> str:
    words = shlex.join(map(str, command)).replace("%", "%%")
    return f"""
[program:{name}]
command = {words}
priority = {order}
autorestart = true
startsecs = 1
startretries = 20
stopwaitsecs = 20
redirect_stderr = true
stdout_logfile = {LOGS}/{name}.log
stdout_logfile_maxbytes = 20MB
stdout_logfile_backups = 1
"""
