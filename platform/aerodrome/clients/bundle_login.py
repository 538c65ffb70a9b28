"""With which password hosts read the rendered DAGs of a cluster: a file on the machine that deploys."""

from __future__ import annotations

from pathlib import Path

from aerodrome.errors import UserError
from aerodrome.hosts_settings import HostsSettings


def password(settings: HostsSettings, root: Path) -> str:
    """Return the password; empty where nobody is asked for one, UserError where its file cannot be read."""
    if settings.bundle_password_file is None:
        return ""
    path = root / settings.bundle_password_file
    try:
        found = path.read_text(encoding="ascii").strip()
    except (OSError, ValueError):
        found = ""
    if not found or not found.isprintable():
        remedy = "write the password alone into it, mode 0600: hosts.bundle_password_file names it"
        raise UserError(f"{path}: holds no password", remedy)
    return found
