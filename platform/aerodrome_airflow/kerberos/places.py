"""The files of a tenant's ticket, and who may read which."""

from __future__ import annotations

import contextlib
import os
import pwd
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Places:
    """Below *folder*: keytabs are for root alone, a ticket and what is wrong with it for *owner* alone.

    Only root can make them for another user; anybody else makes them for itself.
    """

    folder: Path
    tenant: str
    owner: str

    @property
    def keytab(self) -> Path:
        """The keytab as the store last gave it."""
        return self.folder / "keytabs" / self.tenant

    @property
    def ticket(self) -> Path:
        """The ticket cache: KRB5CCNAME of the tenant's processes."""
        return self.folder / self.tenant / "ticket"

    @property
    def problem(self) -> Path:
        """Why there is no new ticket; not there while all is well."""
        return self.ticket.with_name("ticket.problem")

    def make(self) -> None:
        """Make the folders, with their modes."""
        # Others pass through it, each to its own.
        self.folder.mkdir(mode=0o755, parents=True, exist_ok=True)
        self._folder(self.keytab.parent, owned=False)
        self._folder(self.ticket.parent, owned=True)

    def keep_keytab(self, content: bytes) -> None:
        """Keep *content* as the keytab; one that is the same stays as it is."""
        with contextlib.suppress(FileNotFoundError):
            if self.keytab.read_bytes() == content:
                return
        self._put(self.keytab, content, 0o400, owned=False)

    def tell(self, problem: str) -> None:
        """Leave *problem* for the tenant's tasks to read."""
        self._put(self.problem, f"{problem}\n".encode(), 0o400, owned=True)

    def all_is_well(self) -> None:
        """Take away what was wrong before."""
        self.problem.unlink(missing_ok=True)

    @contextmanager
    def new_ticket(self) -> Iterator[Path]:
        """Give the name of a file for a new ticket, which replaces the old one at the end of the block.

        It lies where the tenant cannot reach it: nothing that the tenant makes can stand in its place.
        """
        draft = self.keytab.parent / f".{self.tenant}.ticket"
        draft.unlink(missing_ok=True)
        try:
            yield draft
            self._give(draft, 0o600, owned=True)
            draft.replace(self.ticket)
        finally:
            draft.unlink(missing_ok=True)

    def _folder(self, path: Path, *, owned: bool) -> None:
        with contextlib.suppress(FileExistsError):
            path.mkdir(mode=0o700)
        if stat.S_ISLNK(path.lstat().st_mode):
            raise OSError(f"{path} is a link")
        self._give(path, 0o700, owned=owned)

    def _put(self, path: Path, content: bytes, mode: int, *, owned: bool) -> None:
        draft = self.keytab.parent / f".{path.name}.{self.tenant}.new"
        draft.unlink(missing_ok=True)
        try:
            draft.touch(mode=0o600, exist_ok=False)
            draft.write_bytes(content)
            self._give(draft, mode, owned=owned)
            draft.replace(path)
        finally:
            draft.unlink(missing_ok=True)

    def _give(self, path: Path, mode: int, *, owned: bool) -> None:
        path.chmod(mode)
        if owned and os.geteuid() == 0:
            entry = pwd.getpwnam(self.owner)
            os.chown(path, entry.pw_uid, entry.pw_gid, follow_symlinks=False)
