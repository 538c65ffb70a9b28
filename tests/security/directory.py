"""A real slapd for tests and benchmarks: a process of this one's own, with TLS, memberOf and a reader's account."""

from __future__ import annotations

import datetime
import ipaddress
import json
import os
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from aerodrome_airflow.directory.client import Directory
from aerodrome_airflow.directory.settings import DirectorySettings, Groups, People
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from free_ports import free_port
from ldap3 import Connection, Server
from ldap3.core.exceptions import LDAPException

BASE = "dc=example,dc=org"
PEOPLE, GROUPS = f"ou=people,{BASE}", f"ou=groups,{BASE}"
ROOT, READER = f"cn=root,{BASE}", f"cn=reader,{BASE}"
PASSWORD = "correct horse"
NOBODY = f"cn=nobody,{BASE}"
LONGEST_SECONDS = 60
PROGRAM = "/usr/sbin/slapd"
CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/nis.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/pid
TLSCACertificateFile {folder}/ca.pem
TLSCertificateFile {folder}/server.pem
TLSCertificateKeyFile {folder}/server.key
sizelimit 500
# As Active Directory does: a name without a password is let in as nobody, and "success" is the answer.
allow bind_anon_dn
database mdb
suffix "{base}"
rootdn "{root}"
rootpw "{password}"
directory {folder}/data
maxsize 268435456
dbnosync
index objectClass,uid,cn,member,memberUid,uniqueMember,memberOf eq
limits dn.exact="{reader}" size=unlimited
access to attrs=userPassword by anonymous auth by * none
access to * by dn.exact="{reader}" read by * none
overlay memberof
memberof-refint TRUE
"""


@dataclass
class Slapd:
    """A running slapd; `admin` may change everything."""

    folder: Path
    port: int
    encrypted_port: int
    process: subprocess.Popen[bytes] | None = None
    address: str = "127.0.0.1"
    """Where it answers by LDAPS; all else comes from this machine."""
    _admin: list[Connection] = field(default_factory=list)

    @property
    def settings(self) -> DirectorySettings:
        """How the platform asks it: StartTLS, and groups by memberOf."""
        return DirectorySettings(
            f"ldap://localhost:{self.port}",
            People(PEOPLE),
            Groups(GROUPS),
            start_tls=True,
            ca_file=str(self.folder / "ca.pem"),
            bind_dn=READER,
        )

    def client(self, **changes: Any) -> Directory:
        """A client with some settings changed."""
        return Directory(replace(self.settings, **changes), PASSWORD)

    @property
    def admin(self) -> Connection:
        """Whoever may change everything."""
        if not self._admin:
            server = Server("127.0.0.1", self.port, connect_timeout=3)
            self._admin.append(Connection(server, ROOT, PASSWORD, auto_bind=True, raise_exceptions=True))
        return self._admin[0]

    def add(self, dn: str, classes: Sequence[str], **attributes: Any) -> str:
        """Make an entry and return its name."""
        self.admin.add(dn, list(classes), attributes)
        return dn

    def person(self, name: str, **attributes: Any) -> str:
        """Make a person with the password PASSWORD; the name may have to be escaped."""
        usual = {
            "cn": name,
            "sn": name.title(),
            "givenName": "Jo",
            "mail": f"{ascii(name)[1:-1]}@example.org",
        }
        given = {**usual, "userPassword": PASSWORD, **attributes}
        return self.add(f"uid={name},{PEOPLE}", ["inetOrgPerson"], **given)

    def group(self, name: str, members: Iterable[str] = (), where: str = GROUPS) -> str:
        """Make a group of distinguished names."""
        return self.add(f"cn={name},{where}", ["groupOfNames"], member=[NOBODY, *members])

    def change(self, dn: str, **changes: tuple[str, list[str]]) -> None:
        """Change attributes: each with MODIFY_ADD, MODIFY_DELETE or MODIFY_REPLACE and values."""
        self.admin.modify(dn, {name: [change] for name, change in changes.items()})

    def start(self) -> None:
        """Start it, and return when it answers."""
        urls = f"ldap://127.0.0.1:{self.port} ldaps://{self.address}:{self.encrypted_port}"
        command = [PROGRAM, "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h", urls]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + LONGEST_SECONDS
        while True:
            with suppress(LDAPException):
                self._admin.clear()
                self.admin.extend.standard.who_am_i()
                return
            assert time.monotonic() < deadline and self.process.poll() is None, (
                self.folder / "log"
            ).read_text()
            time.sleep(0.05)

    def stop(self) -> None:
        """End it; its data stays."""
        self._admin.clear()
        if self.process is not None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(LONGEST_SECONDS)


@contextmanager
def running(folder: Path, address: str = "127.0.0.1") -> Iterator[Slapd]:
    """A slapd with nothing but places for people and groups, and the reader; *address*: of its LDAPS."""
    (folder / "data").mkdir(parents=True)
    folder.chmod(0o700)
    write_certificates(folder, ("localhost", address))
    slapd = Slapd(folder, free_port(), free_port(), address=address)
    names = {"base": BASE, "root": ROOT, "reader": READER, "password": PASSWORD}
    (folder / "slapd.conf").write_text(CONFIGURATION.format(folder=folder, **names))
    try:
        slapd.start()
        slapd.add(BASE, ["organization", "dcObject"], o="Example", dc="example")
        for place in (PEOPLE, GROUPS):
            slapd.add(place, ["organizationalUnit"])
        slapd.add(READER, ["organizationalRole", "simpleSecurityObject"], userPassword=PASSWORD)
        yield slapd
    finally:
        slapd.stop()
        shutil.rmtree(folder, ignore_errors=True)


def write_login(folder: Path, slapd: Slapd, roles_of_group: Mapping[str, Sequence[str]]) -> None:
    """Write login.json and its secrets: people of *slapd*, whose groups give roles."""
    asked = slapd.settings
    document = {
        "kind": "directory",
        "directory": {
            "url": asked.url,
            "start_tls": True,
            "ca_file": asked.ca_file,
            "bind_dn": asked.bind_dn,
            "people": {"base": asked.people.base},
            "groups": {"base": asked.groups.base},
        },
        "roles_of_group": roles_of_group,
        "protected": ["admin"],
    }
    (folder / "login.json").write_text(json.dumps(document))
    secrets = folder / "login-secrets.json"
    secrets.touch(0o600)
    secrets.write_text(json.dumps({"bind_password": PASSWORD}))


def follow(
    folder: Path,
    database: str,
    *options: str,
    start: Sequence[str] = ("-m", "aerodrome_airflow.roles.follow"),
) -> subprocess.Popen[str]:
    """Start what lets roles follow the directory that the login in *folder* names; alerts go to alerts/central.

    *start*: what Python is told to run.
    """
    kept = {name: value for name, value in os.environ.items() if not name.startswith("AIRFLOW")}
    own = {
        "AIRFLOW_HOME": str(folder),
        "AIRFLOW__DATABASE__SQL_ALCHEMY_CONN": database,
        "AIRFLOW__AERODROME__ALERT_FOLDER": str(folder / "alerts"),
        "AIRFLOW__AERODROME__CENTRAL_ALERT_CHANNEL": json.dumps(
            {"name": "central", "type": "file", "target": "central"}
        ),
    }
    command = [sys.executable, *start, *options]
    return subprocess.Popen(
        command, env=kept | own, text=True, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )


def write_certificates(folder: Path, hosts: Sequence[str]) -> None:
    """Write an authority's certificate, ca.pem, and one for a server with these names, server.pem and server.key."""
    authority, server = (ec.generate_private_key(ec.SECP256R1()) for _ in range(2))
    names = [_name(host) for host in (*hosts, *(["127.0.0.1"] if "localhost" in hosts else ()))]
    made: Mapping[str, tuple[Any, Any, x509.ExtensionType]] = {
        "ca": (authority, "Example authority", x509.BasicConstraints(ca=True, path_length=0)),
        "server": (server, hosts[0], x509.SubjectAlternativeName(names)),
    }
    for file, (key, name, extension) in made.items():
        certificate = _certificate(name, key.public_key(), extension).sign(authority, hashes.SHA256())
        (folder / f"{file}.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    private = server.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    (folder / "server.key").write_bytes(private)


def _name(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _certificate(name: str, key: Any, extension: x509.ExtensionType) -> x509.CertificateBuilder:
    now = datetime.datetime.now(datetime.UTC)
    issuer, subject = (
        x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)]) for text in ("Example authority", name)
    )
    return (
        x509.CertificateBuilder()
        .issuer_name(issuer)
        .subject_name(subject)
        .public_key(key)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(hours=1))
        .not_valid_after(now + datetime.timedelta(days=30))
        .add_extension(extension, critical=isinstance(extension, x509.BasicConstraints))
    )
