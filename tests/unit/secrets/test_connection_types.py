"""What is accepted as a connection, by type."""

from __future__ import annotations

import re
from typing import get_args

import pytest
from aerodrome.manifest.tenant import ConnectionType
from aerodrome.secrets.connection_types import TYPES, connection, mistakes

KEY = "-----BEGIN OPENSSH PRIVATE KEY-----\nc2VjcmV0\n-----END OPENSSH PRIVATE KEY-----\n"
POSTGRES = {"host": "db.example.org", "schema": "flights", "login": "reader", "password": "geheim"}
GOOD = {
    "postgres": POSTGRES,
    "mysql": POSTGRES,
    "http": {"host": "https://api.example.org:8443/v1"},
    "aws": {"login": "AKIAIOSFODNN7EXAMPLE", "password": "geheim", "extra.region_name": "eu-central-1"},
    "ssh": {"host": "10.0.0.1", "login": "me", "extra.private_key": KEY, "extra.host_key": "AAAA"},
    "spark": {"host": "yarn", "extra.queue": "night"},
    "hdfs": {"host": "name-node", "login": "me"},
    "hive": {"host": "hive", "login": "me", "password": "geheim", "extra.auth_mechanism": "LDAP"},
    "smtp": {"host": "mail.example.org", "extra.from_email": "team@example.org"},
    "generic": {"host": "anything", "extra": '{"a": 1}'},
}
BAD = [
    ("postgres", {**POSTGRES, "host": "https://db"}, "host: must be a host's name"),
    ("postgres", {**POSTGRES, "port": "70000"}, "port: must be a number from 1"),
    ("postgres", {**POSTGRES, "extra.sslmode": "geheim"}, "sslmode: must be one of disable"),
    ("postgres", {}, "password: is required"),
    ("mysql", {**POSTGRES, "password": "ge\x1bheim"}, "password: must be one line"),
    ("http", {"host": "ftp://geheim"}, r"host: must be an http\(s\) URL"),
    ("http", {"host": "https://me:geheim@x.org"}, "must not hold a login"),
    ("aws", {"extra.region_name": "eu-central-1"}, "give an access key, or a role"),
    ("aws", {"login": "AKIAIOSFODNN7EXAMPLE", "extra.region_name": "eu-central-1"}, "together, or neither"),
    ("ssh", {"host": "h", "login": "me", "extra.host_key": "AAAA"}, "a password or a private key"),
    ("ssh", {**GOOD["ssh"], "extra.private_key": "geheim"}, "private_key: must be a private key"),
    ("spark", {"host": "geheim"}, "host: must be local"),
    ("smtp", {"host": "h", "extra.from_email": "geheim"}, "from_email: must be one mailbox"),
    ("generic", {}, "one field at least"),
    ("generic", {"extra": "[geheim"}, "extra: must be a JSON object"),
    ("generic", {"extra.x": "geheim"}, "unknown field"),
]


def test_there_are_fields_for_each_type_of_tenant_yaml() -> None:
    """And for no other."""
    assert set(TYPES) == set(get_args(ConnectionType)) == set(GOOD)


@pytest.mark.parametrize("kind", sorted(GOOD))
def test_a_good_connection_is_made(kind: str) -> None:
    """In the shape that the secrets backend reads."""
    assert list(mistakes(kind, GOOD[kind])) == []
    made = connection(kind, GOOD[kind])
    assert set(made) == {"conn_type", "host", "port", "login", "password", "schema", "extra"}
    assert made["port"] is None or isinstance(made["port"], int)


@pytest.mark.parametrize(("kind", "given", "told"), BAD)
def test_a_mistake_is_told_without_the_value(kind: str, given: dict[str, str], told: str) -> None:
    """Whoever reads the terminal learns nothing."""
    found = "\n".join(mistakes(kind, given))
    assert re.search(told, found)
    assert "geheim" not in found and "heim" not in found


def test_defaults_and_switches_arrive_as_hooks_read_them() -> None:
    """A port as a number, yes and no as true and false."""
    assert connection("postgres", POSTGRES)["port"] == 5432
    mail = connection("smtp", {**GOOD["smtp"], "extra.disable_tls": "yes"})
    assert mail["extra"] == {"from_email": "team@example.org", "disable_ssl": True, "disable_tls": True}
    assert connection("generic", GOOD["generic"])["extra"] == {"a": 1}
