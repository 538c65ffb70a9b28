"""What the API server of this machine needs to show the task logs of hosts."""

from __future__ import annotations

from aerodrome.clients import logs_login
from aerodrome.errors import UserError
from aerodrome.local.machine.platform import Platform
from aerodrome.render import host_logs
from aerodrome.render.airflow_text import Sections

PROCESS = "api-server"


def options(platform: Platform) -> Sections:
    """Return where the logs are; nothing where no host sends any."""
    folder, found = platform.layout.process_config(PROCESS), files(platform)
    places = {name: str(folder / name) for name in found}
    login, authority = (places.get(name, "") for name in (logs_login.LOGIN_FILE, logs_login.AUTHORITY_FILE))
    return host_logs.shown(platform.environment, login, authority)


def files(platform: Platform) -> dict[str, str]:
    """Return its login and whom it trusts, name → text; UserError where a deploy finds none."""
    hosts = platform.environment.hosts
    if hosts is None:
        return {}
    try:
        return logs_login.of_reader(hosts.logs, platform.layout.repository)
    except UserError:
        if platform.looked_at:
            return {}
        raise
