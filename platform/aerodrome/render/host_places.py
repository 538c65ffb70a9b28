"""Where things are on every host of workers."""

from __future__ import annotations

CONFIG, STATE, LOGS, RUN = "/etc/aerodrome", "/var/lib/aerodrome", "/var/log/aerodrome", "/run/aerodrome"
AUTHORITY = f"{CONFIG}/authority.pem"
SECRETS = f"{CONFIG}/secrets"
AGENT_SOCKET = f"{RUN}/secrets.sock"
TASK_LOGS = f"{LOGS}/tasks"
