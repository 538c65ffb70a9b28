"""Hands the database's address to PostgreSQL's programs: `… connection FILE_WITH_THE_URI FOLDER`.

The address becomes a service and a password file in *FOLDER*: no command line and no variable holds the password, and
the container with PostgreSQL's programs holds no secret of the cluster.
"""

from __future__ import annotations

import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from urllib.parse import parse_qsl, unquote, urlsplit

SERVICE, SERVICES, PASSWORDS = "metadata", "pg_service.conf", "pgpass"
_SCHEMES = ("postgresql", "postgres")
_PARAMETERS = frozenset(
    {
        "application_name",
        "channel_binding",
        "connect_timeout",
        "gssencmode",
        "keepalives",
        "keepalives_count",
        "keepalives_idle",
        "keepalives_interval",
        "options",
        "sslcert",
        "sslkey",
        "sslmode",
        "sslrootcert",
        "target_session_attrs",
    }
)
"""What stands in an address for PostgreSQL itself, and not for SQLAlchemy or its driver."""


def parameters(uri: str) -> dict[str, str]:
    """Return the parameters of PostgreSQL's library that *uri*, as Airflow has it, says; ValueError for another one."""
    try:
        found = urlsplit(uri)
        host, port = found.hostname, str(found.port or "")
    except ValueError:
        # Its text would show a part of the password, where that is not encoded.
        raise ValueError("the address of the metadata database cannot be read") from None
    if found.scheme.partition("+")[0] not in _SCHEMES:
        raise ValueError("the metadata database is no PostgreSQL")
    said = {key: text for key, text in parse_qsl(found.query) if key in _PARAMETERS}
    place = {"host": host, "port": port, "dbname": unquote(found.path[1:])}
    who = {"user": unquote(found.username or ""), "password": unquote(found.password or "")}
    return {key: text for key, text in {**said, **place, **who}.items() if text}


def service(found: Mapping[str, str], passwords: Path) -> str:
    """Return a service file with *found* but the password, which is in the file *passwords*."""
    return "".join(f"{line}\n" for line in _lines(found, passwords))


def _lines(found: Mapping[str, str], passwords: Path) -> Iterator[str]:
    yield f"[{SERVICE}]"
    for key, text in found.items():
        if key != "password":
            if text != text.strip() or not text.isprintable():
                # The file has one line for each, without quotes.
                raise ValueError(
                    f"{key} of the metadata database begins or ends with a blank, or has a line's end"
                )
            yield f"{key}={text}"
    yield f"passfile={passwords}"


def password(found: Mapping[str, str]) -> str:
    """Return a password file with that of *found*, for whatever is asked for one."""
    text = found.get("password", "")
    if not text.isprintable():
        raise ValueError(
            "the password of the metadata database has a line's end or another character without form"
        )
    written = text.replace("\\", "\\\\").replace(":", "\\:")
    return f"*:*:*:*:{written}\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Write both files, which their owner alone may read; return 1, with the reason, where the address is no good."""
    source, folder = map(Path, arguments if arguments is not None else sys.argv[1:])
    try:
        found = parameters(source.read_text(encoding="utf-8").strip())
        texts = {PASSWORDS: password(found), SERVICES: service(found, folder / PASSWORDS)}
    except ValueError as problem:
        sys.stderr.write(f"{problem}\n")
        return 1
    for name, text in texts.items():
        path = folder / name
        path.touch(mode=0o600)
        path.write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
