"""A real key distribution centre, of a realm of its own, for one folder of tests."""

from __future__ import annotations

import base64
import os
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from debian import ensure
from free_ports import free_port

PACKAGES = ("krb5-kdc", "krb5-admin-server", "krb5-user")
NAME = "TESTS.EXAMPLE"
_PATH = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True)
class Realm:
    """A realm whose files are in *folder*."""

    folder: Path
    port: int

    @property
    def config(self) -> Path:
        """krb5.conf of those who use it."""
        return self.folder / "krb5.conf"

    @property
    def environment(self) -> dict[str, str]:
        """What its programs need to know."""
        return {
            "KRB5_CONFIG": str(self.config),
            "KRB5_KDC_PROFILE": str(self.folder / "kdc.conf"),
            "PATH": _PATH,
        }

    def run(self, *command: str) -> str:
        """Return what *command* prints."""
        done = subprocess.run(command, env=self.environment, capture_output=True, text=True, check=True)
        return done.stdout

    def keytab(self, principal: str) -> str:
        """Return a new keytab of *principal* as base64, made where the realm has none; older ones are void then."""
        path = self.folder / "new.keytab"
        path.unlink(missing_ok=True)
        if "\n" not in self.run("kadmin.local", "-q", f"get_principal -terse {principal}").partition("\n")[2]:
            self.run("kadmin.local", "-q", f"add_principal -randkey {principal}")
        self.run("kadmin.local", "-q", f"ktadd -k {path} {principal}")
        return base64.b64encode(path.read_bytes()).decode()

    def change_key(self, principal: str) -> None:
        """Make every keytab of *principal* void."""
        self.run("kadmin.local", "-q", f"change_password -randkey {principal}")

    def write(self) -> None:
        """Write its files."""
        kdc = f"kdc_listen = 127.0.0.1:{self.port}\n kdc_tcp_listen = 127.0.0.1:{self.port}"
        place = f"database_name = {self.folder}/principal\n key_stash_file = {self.folder}/stash"
        self.config.write_text(
            f"[libdefaults]\n default_realm = {NAME}\n rdns = false\n dns_lookup_kdc = false\n"
            f"[realms]\n {NAME} = {{\n kdc = 127.0.0.1:{self.port}\n }}\n"
        )
        (self.folder / "kdc.conf").write_text(
            f"[kdcdefaults]\n {kdc}\n[realms]\n {NAME} = {{\n {place}\n max_life = 10h\n }}\n"
        )


@contextmanager
def running_realm(folder: Path) -> Iterator[Realm]:
    """Give a realm whose key distribution centre runs until the end of the block."""
    ensure(PACKAGES)
    realm = Realm(folder, free_port())
    realm.write()
    realm.run("kdb5_util", "create", "-s", "-r", NAME, "-P", "of-these-tests")
    with subprocess.Popen(
        ["krb5kdc", "-n"], env={**os.environ, **realm.environment}, stderr=subprocess.DEVNULL
    ) as process:
        try:
            yield realm
        finally:
            process.kill()
