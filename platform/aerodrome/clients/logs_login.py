"""How hosts log in to the store of their logs: files on the machine that deploys."""

from __future__ import annotations

import json
from pathlib import Path

from aerodrome.aws_settings import ZONE
from aerodrome.errors import UserError
from aerodrome.logs_settings import LogsSettings

LOGIN_FILE, AUTHORITY_FILE = "logs-login.json", "logs-authority.pem"
_KEYS = {"access_key", "secret_key"}


def of_zone(settings: LogsSettings, root: Path, zone: str) -> dict[str, str]:
    """Return the variables of the role worker_logs that are not rendered: the login of *zone*'s hosts as JSON, and whom
    they trust as PEM; "" where there is nothing to say, UserError where a file is missing. *root*: the clone."""
    s3, part = settings.s3, settings.s3 or settings.hdfs
    login = _login(root / s3.login_file.replace(ZONE, zone), "login_file") if s3 else ""
    trusted = _authority(root / part.authority) if part and part.authority else ""
    return {"worker_logs_login": login, "worker_logs_authority": trusted}


def of_reader(settings: LogsSettings, root: Path) -> dict[str, str]:
    """Return file name → text of what an API server on this machine needs to read logs."""
    s3, part = settings.s3, settings.s3 or settings.hdfs
    found = {}
    if s3 and s3.reader_login_file:
        found[LOGIN_FILE] = _login(root / s3.reader_login_file, "reader_login_file")
    if part and part.authority:
        found[AUTHORITY_FILE] = _authority(root / part.authority)
    return found


def _authority(path: Path) -> str:
    try:
        return path.read_text(encoding="ascii")
    except (OSError, ValueError):
        raise UserError(f"{path}: cannot be read", "hosts.logs names it as authority: a PEM file") from None


def _login(path: Path, setting: str) -> str:
    remedy = (
        f'write {{"access_key": "…", "secret_key": "…"}} into it, mode 0600: hosts.logs.s3.{setting} names it'
    )
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as problem:
        what = "does not exist" if isinstance(problem, FileNotFoundError) else "cannot be read as JSON"
        raise UserError(f"{path}: {what}", remedy) from None
    if not isinstance(said, dict) or set(said) != _KEYS:
        raise UserError(f"{path}: holds something else than an access key and its secret", remedy)
    return json.dumps(said, sort_keys=True)
