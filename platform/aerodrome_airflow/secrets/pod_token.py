"""The token by which a pod says who it is: a file that the cluster writes anew before the token ends."""

from __future__ import annotations

from pathlib import Path

from aerodrome_airflow.secrets.store import UnavailableError


def read(file: Path) -> str:
    """Return the token of now; UnavailableError where there is none."""
    try:
        return file.read_text(encoding="ascii").strip()
    except (OSError, ValueError) as problem:
        raise UnavailableError(f"the pod has no token to log in with: {file}: {problem}") from None
