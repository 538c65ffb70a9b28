"""The fields of a connection, by its type: what security staff are asked for, and what is not accepted."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from aerodrome.aws_settings import ROLE
from aerodrome.errors import did_you_mean

EXTRA = "extra"
_HOST = re.compile(r"[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?|\[?[0-9A-Fa-f:]+\]?")
_ADDRESS = re.compile(r"[^@\s,;<>\"]+@[^@\s,;<>\"]+")
_REGION = re.compile(r"[a-z]{2}(-[a-z]+)+-\d")
_SPARK_MASTER = re.compile(r"local(\[(\d+|\*)\])?|yarn|(spark|k8s)://\S+")
_PRIVATE_KEY = re.compile(
    r"-----BEGIN [A-Z ]*PRIVATE KEY-----\n.+\n-----END [A-Z ]*PRIVATE KEY-----\n?", re.DOTALL
)

Check = Callable[[str], str]
"""Returns why a text is not accepted, without repeating it, or an empty text."""


@dataclass(frozen=True)
class Field:
    """One thing to ask for. *key* is a column of Airflow's connection, or `extra.<name>`.

    A *secret* is asked for twice, as nobody sees what they type. *lines*: the text has several. A *switch* is yes
    or no.
    """

    key: str
    label: str
    check: Check = lambda _: ""
    required: bool = False
    secret: bool = False
    lines: bool = False
    switch: bool = False
    default: str = ""

    @property
    def name(self) -> str:
        """Return what the field is called in JSON."""
        return self.key.removeprefix(f"{EXTRA}.")


@dataclass(frozen=True)
class ConnectionType:
    """A type of tenant.yaml: its fields, and what they must be together."""

    conn_type: str
    fields: tuple[Field, ...]
    together: Callable[[Mapping[str, str]], str] = lambda _: ""


def _matches(pattern: re.Pattern[str], otherwise: str) -> Check:
    return lambda text: "" if pattern.fullmatch(text) else otherwise


def _port(text: str) -> str:
    good = text.isascii() and text.isdecimal() and 1 <= int(text) <= 65535
    return "" if good else "must be a number from 1 to 65535"


def _url(text: str) -> str:
    if not re.fullmatch(r"https?://[^\s/]+(/\S*)?", text):
        return "must be an http(s) URL"
    return "must not hold a login: that has fields of its own" if "@" in text.split("/")[2] else ""


def _one_line(text: str) -> str:
    return "" if text.isprintable() else "must be one line of printable text"


def _one_of(*choices: str) -> Check:
    return lambda text: "" if text in choices else f"must be one of {', '.join(choices)}"


def _document(text: str) -> str:
    try:
        return "" if isinstance(json.loads(text), dict) else "must be a JSON object"
    except ValueError:
        return "must be a JSON object"


def _keys_together(given: Mapping[str, str]) -> str:
    if bool(given.get("login")) != bool(given.get("password")):
        return "give the access key's id and the secret key together, or neither"
    return "" if given.keys() & {"login", f"{EXTRA}.role_arn"} else "give an access key, or a role to assume"


def _key_or_password(given: Mapping[str, str]) -> str:
    has = given.keys() & {"password", f"{EXTRA}.private_key"}
    return "" if has else "give a password or a private key"


def _host(label: str = "host") -> Field:
    return Field(
        "host", label, _matches(_HOST, "must be a host's name or address, without scheme and port"), True
    )


def _port_field(default: str) -> Field:
    return Field("port", "port", _port, default=default)


def _login(required: bool = True) -> Field:
    return Field("login", "login", _one_line, required)


def _password(required: bool = True) -> Field:
    return Field("password", "password", _one_line, required, secret=True)


def _extra(
    name: str, label: str, check: Check = _one_line, *, required: bool = False, default: str = ""
) -> Field:
    return Field(f"{EXTRA}.{name}", label, check, required, default=default)


def _switch(name: str, label: str, default: str) -> Field:
    check = _one_of("yes", "no")
    return Field(f"{EXTRA}.{name}", f"{label}: yes, no", check, switch=True, default=default)


def _database(port: str, modes: str, choices: tuple[str, ...]) -> tuple[Field, ...]:
    database = Field("schema", "database", _one_line, True)
    mode = _extra(modes, f"{modes}: {', '.join(choices)}", _one_of(*choices))
    return (_host(), _port_field(port), database, _login(), _password(), mode)


_TLS_OF_POSTGRES = ("disable", "allow", "prefer", "require", "verify-ca", "verify-full")
_TLS_OF_MYSQL = ("DISABLED", "PREFERRED", "REQUIRED", "VERIFY_CA", "VERIFY_IDENTITY")
_HTTP = (
    Field("host", "base URL", _url, True),
    Field("login", "login", _one_line),
    _password(False),
)
_AWS = (
    Field("login", "access key id", _matches(re.compile(r"[A-Z0-9]{16,128}"), "must be an access key's id")),
    _password(False),
    _extra(
        "region_name",
        "region",
        _matches(_REGION, "must be an AWS region, such as eu-central-1"),
        required=True,
    ),
    _extra("role_arn", "role to assume", _matches(ROLE, "must be the ARN of a role")),
    _extra("endpoint_url", "address of the API, where it is not AWS's own", _url),
)
_SSH = (
    _host(),
    _port_field("22"),
    _login(),
    _password(False),
    Field(
        f"{EXTRA}.private_key",
        "private key",
        _matches(_PRIVATE_KEY, "must be a private key in PEM form, with its first and last line"),
        secret=True,
        lines=True,
    ),
    _extra(
        "host_key",
        "the host's public key, base64",
        _matches(re.compile(r"[A-Za-z0-9+/]+=*"), "must be base64"),
        required=True,
    ),
)
_SPARK = (
    Field("host", "master", _matches(_SPARK_MASTER, "must be local[n], yarn, spark://… or k8s://…"), True),
    _extra("queue", "YARN queue"),
    _extra("namespace", "Kubernetes namespace"),
)
_HDFS = (
    _host("name node"),
    _port_field("9870"),
    _login(),
    _switch("use_ssl", "TLS", "yes"),
)
_HIVE = (
    _host(),
    _port_field("10000"),
    Field("schema", "database", _one_line, default="default"),
    _login(),
    _password(False),
    _extra(
        "auth_mechanism",
        "login by: NONE, LDAP, KERBEROS, PLAIN",
        _one_of("NONE", "LDAP", "KERBEROS", "PLAIN"),
    ),
)
_SMTP = (
    _host(),
    _port_field("587"),
    Field("login", "login", _one_line),
    _password(False),
    _extra(
        "from_email", "sender", _matches(_ADDRESS, "must be one mailbox, as team@example.org"), required=True
    ),
    _switch("disable_ssl", "without TLS from the start", "yes"),
    _switch("disable_tls", "without STARTTLS", "no"),
)
_GENERIC = (
    Field("host", "host", _one_line),
    Field("port", "port", _port),
    Field("schema", "schema", _one_line),
    Field("login", "login", _one_line),
    _password(False),
    Field(EXTRA, "further settings, a JSON object", _document, secret=True),
)
TYPES: Mapping[str, ConnectionType] = {
    "postgres": ConnectionType("postgres", _database("5432", "sslmode", _TLS_OF_POSTGRES)),
    "mysql": ConnectionType("mysql", _database("3306", "ssl_mode", _TLS_OF_MYSQL)),
    "http": ConnectionType("http", _HTTP),
    "aws": ConnectionType("aws", _AWS, _keys_together),
    "ssh": ConnectionType("ssh", _SSH, _key_or_password),
    "spark": ConnectionType("spark", _SPARK),
    "hdfs": ConnectionType("webhdfs", _HDFS),
    "hive": ConnectionType("hiveserver2", _HIVE),
    "smtp": ConnectionType("smtp", _SMTP),
    "generic": ConnectionType("generic", _GENERIC, lambda given: "" if given else "give one field at least"),
}


def mistakes(kind: str, given: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with *given*, key of a field → text; no value is ever in it."""
    known = {field.key: field for field in TYPES[kind].fields}
    for key in sorted(given.keys() - known.keys()):
        yield f"{key}: unknown field; {did_you_mean(key, known)}"
    for field in known.values():
        text = given.get(field.key, "")
        if not text and field.required:
            yield f"{field.name}: is required"
        elif text and (why := field.check(text)):
            yield f"{field.name}: {why}"
    if why := TYPES[kind].together(given):
        yield why


def connection(kind: str, given: Mapping[str, str]) -> dict[str, Any]:
    """Return the connection that *given* makes, as the secrets backend reads it; it has no mistakes."""
    made: dict[str, Any] = {"conn_type": TYPES[kind].conn_type, EXTRA: json.loads(given.get(EXTRA) or "{}")}
    made |= dict.fromkeys(("host", "port", "login", "password", "schema"))
    for field in TYPES[kind].fields:
        text = given.get(field.key) or field.default
        if text and field.key.startswith(f"{EXTRA}."):
            made[EXTRA][field.name] = text == "yes" if field.switch else text
        elif text and field.key != EXTRA:
            made[field.key] = int(text) if field.key == "port" else text
    return made
