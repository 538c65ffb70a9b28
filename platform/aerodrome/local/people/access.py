"""Who may do what in the Airflow of ENV=local: its administrator, and programs that run as its scheduler."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path

from aerodrome.clients.airflow import Airflow
from aerodrome.errors import AerodromeError, UserError
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.platform import Platform
from aerodrome.local.machine.programs import run
from aerodrome.local.processes.topology import airflow_environment
from aerodrome.plan import Change
from aerodrome.progress import Progress
from aerodrome.render.roles import ADMIN, Access
from aerodrome.targets.roles import RolesTarget

# Airflow's migrations of a large database take their time.
LONGEST_SECONDS = 3600


@dataclass(frozen=True)
class LocalDesk:
    """The Airflow of ENV=local."""

    platform: Platform

    def administrator(self) -> Airflow | None:
        """Return the administrator's access; None where the API server does not answer."""
        return admin_access(self.platform) if Airflow(self.platform.api_url).answers() else None

    def has_password(self, user: str) -> bool:
        """Return whether a file holds the password of *user*."""
        return bool(self.platform.credentials.find(secret.airflow_user(user)))

    def password(self, user: str) -> str:
        """Return the password of *user*, made where there is none."""
        return self.platform.credentials.get(secret.airflow_user(user))

    def write(self, document: str) -> tuple[str, ...]:
        """Bring Airflow to *document* and return what that changed."""
        answer = run_in_airflow(self.platform, ["-m", "aerodrome_airflow.roles.deployed"], document)
        return tuple(json.loads(answer.splitlines()[-1])["changed"])


def target(platform: Platform) -> RolesTarget:
    """Return roles, users and pools as a target."""
    return RolesTarget(platform.environment, platform.tenants, LocalDesk(platform))


def desired(platform: Platform) -> Access:
    """Return the access that the tenants' folders and the environment's login ask for."""
    return target(platform).desired()


def differences(platform: Platform) -> tuple[Change, ...]:
    """Return which roles, users and pools Airflow lacks or holds differently."""
    return target(platform).changes()


def apply(platform: Platform, progress: Progress) -> tuple[str, ...]:
    """Bring roles, users and pools to the desired state and return what changed."""
    return target(platform).bring(progress)


def admin_access(platform: Platform) -> Airflow:
    """Return the administrator's access to the API server."""
    password = platform.credentials.find(secret.airflow_user(ADMIN))
    if not password:
        raise UserError(
            f"{password_file(platform, ADMIN)} is gone",
            f"make deploy ENV={platform.environment.name} sets a new password",
        )
    return Airflow(platform.api_url, ADMIN, password)


def password_file(platform: Platform, user: str) -> Path:
    """Return the file that holds the password of *user*."""
    return platform.layout.secrets / secret.airflow_user(user)


def run_in_airflow(platform: Platform, arguments: list[str], text: str = "") -> str:
    """Return what a Python program prints that runs as the scheduler, given *text* as its input."""
    user = platform.accounts.airflow
    done = run(
        [platform.layout.python, *arguments],
        " ".join(arguments),
        LONGEST_SECONDS,
        input=text,
        cwd=platform.layout.process_config("scheduler"),
        env=airflow_environment(platform, "scheduler"),
        user=user,
        group=user,
        extra_groups=[] if user else None,
        umask=0o027,
    )
    if done.returncode:
        raise AerodromeError(f"{' '.join(arguments)} failed:\n{(done.stderr or done.stdout).strip()[-3000:]}")
    return done.stdout
