"""The key that opens test hosts, and what ssh must know about them: three files in a folder of their own."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from pathlib import Path

from fleet.turns import turn

_SETTINGS = """\
Host {pattern}
    User ops
    IdentityFile {key}
    IdentitiesOnly yes
    UserKnownHostsFile {known}
    GlobalKnownHostsFile /dev/null
    HashKnownHosts no
    UpdateHostKeys no
    ConnectTimeout 10
"""


@dataclass(frozen=True)
class Keys:
    """The files for ssh to the hosts whose addresses fit *pattern*."""

    folder: Path
    pattern: str = "10.203.*"

    @property
    def private(self) -> Path:
        """The private key."""
        return self.folder / "id_ed25519"

    @property
    def settings(self) -> Path:
        """The settings for `ssh -F`."""
        return self.folder / "ssh_config"

    @property
    def _known(self) -> Path:
        return self.folder / "known_hosts"

    def public(self) -> str:
        """Return the public key, made first where there is none."""
        with turn("keys"):
            self._make()
        return self.private.with_suffix(".pub").read_text(encoding="utf-8")

    def know(self, address: str, key: str) -> None:
        """Remember that the host at *address* has the public *key*."""
        with turn("keys"):
            self._rewrite(address, f"{address} {' '.join(key.split()[:2])}")

    def forget(self, address: str) -> None:
        """Forget the host at *address*."""
        with turn("keys"):
            self._rewrite(address)

    def _rewrite(self, address: str, *added: str) -> None:
        known = self._known.read_text(encoding="utf-8").splitlines() if self._known.exists() else []
        if not known and not added:
            return
        kept = [line for line in known if line.split(" ")[0] != address]
        self._known.write_text("".join(f"{line}\n" for line in [*kept, *added]), encoding="utf-8")

    def _make(self) -> None:
        self.folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        if not self.private.exists():
            command = [
                "ssh-keygen",
                "-q",
                "-t",
                "ed25519",
                "-N",
                "",
                "-C",
                "aerodrome test hosts",
                "-f",
                str(self.private),
            ]
            subprocess.run(command, check=True)
        if not self.settings.exists():
            text = _SETTINGS.format(
                pattern=self.pattern, key=self.private.resolve(), known=self._known.resolve()
            )
            self.settings.write_text(text, encoding="utf-8")
