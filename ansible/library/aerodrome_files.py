#!/usr/bin/python
"""Ansible module: folders and files of a role in one step, and nothing else in the folders that are its own."""

from __future__ import annotations

import grp
import os
import pwd
import shutil
import stat
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from ansible.module_utils.basic import AnsibleModule

from ansible.module_utils.aerodrome_stamp import UNFINISHED

DOCUMENTATION = r"""
module: aerodrome_files
short_description: Makes folders and files as they should be, each file whole or not at all
description:
  - One step for many small files, where a task for each would take a third of a second for each host.
  - What a setup wrote that was cut off counts as written once more by the next one, as nobody was notified of it.
options:
  folders:
    description: Folders to make, with path, mode, and perhaps owner and group, which are root's otherwise.
    type: list
    elements: dict
    default: []
  files:
    description: Files to write, with path, content, mode, and perhaps owner and group.
    type: list
    elements: dict
    default: []
  only:
    description: Folders in which nothing may be but what this call names.
    type: list
    elements: path
    default: []
"""
EXAMPLES = r"""
- name: Write the launchers' settings
  aerodrome_files:
    folders: [{path: /etc/aerodrome/launcher, mode: "0755"}]
    files: [{path: /etc/aerodrome/launcher/alpha.json, content: "{}", mode: "0600"}]
    only: [/etc/aerodrome/launcher]
"""
RETURN = r"""
paths: {description: What was not as it should be, or is not in force yet., type: list, returned: always}
"""

Entry = dict[str, Any]


class Files:
    """What differs, and putting it right unless only *looking*."""

    def __init__(self, looking: bool) -> None:
        self.looking = looking
        self.paths: list[str] = []
        self.before: list[str] = []
        self.after: list[str] = []

    def folder(self, entry: Entry) -> None:
        """Make one folder."""
        path = Path(entry["path"])
        if not path.is_dir():
            self._note(path, "", "a folder")
            if self.looking:
                return
            path.mkdir(parents=True)
        self._owned(path, entry)

    def file(self, entry: Entry) -> None:
        """Write one file, from a draft beside it that nobody else can read."""
        path, content = Path(entry["path"]), str(entry["content"])
        old = path.read_text() if path.is_file() else None
        if old != content:
            self._note(path, old or "", content)
            if self.looking:
                return
            draft = path.with_name(f".{path.name}.draft")
            draft.unlink(missing_ok=True)
            with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as target:
                target.write(content)
            self._set(draft, entry)
            draft.replace(path)
        self._owned(path, entry)

    def clear(self, folder: Path, kept: set[str]) -> None:
        """Remove what is in *folder* and not among *kept*."""
        for path in sorted(folder.iterdir()) if folder.is_dir() else []:
            if str(path) in kept or any(name.startswith(f"{path}/") for name in kept):
                continue
            self._note(path, "something that is not wanted any more", "")
            if not self.looking:
                shutil.rmtree(path) if path.is_dir() and not path.is_symlink() else path.unlink()

    def _owned(self, path: Path, entry: Entry) -> None:
        found = path.stat()
        now = (stat.S_IMODE(found.st_mode), found.st_uid, found.st_gid)
        if now != _wanted(entry):
            self._note(path, _told(now), _told(_wanted(entry)))
            if not self.looking:
                self._set(path, entry)

    def _set(self, path: Path, entry: Entry) -> None:
        mode, owner, group = _wanted(entry)
        os.chown(path, owner, group)
        path.chmod(mode)

    def _note(self, path: Path, before: str, after: str) -> None:
        if str(path) not in self.paths:
            self.paths.append(str(path))
            if not self.looking and UNFINISHED.is_file():
                with UNFINISHED.open("a") as stream:
                    stream.write(f"{path}\n")
        self.before.append(f"{path}:\n{before}\n")
        self.after.append(f"{path}:\n{after}\n")


def _wanted(entry: Entry) -> tuple[int, int, int]:
    owner, group = pwd.getpwnam(entry.get("owner") or "root"), grp.getgrnam(entry.get("group") or "root")
    return int(str(entry["mode"]), 8), owner.pw_uid, group.gr_gid


def _told(look: tuple[int, int, int]) -> str:
    mode, owner, group = look
    return f"mode {mode:04o}, user {owner}, group {group}"


def _named(parameters: Entry) -> Iterator[str]:
    for entry in (*parameters["folders"], *parameters["files"]):
        yield entry["path"]


def _written_before() -> frozenset[str]:
    """Return what a setup has written that was cut off before anybody was notified of it."""
    return frozenset(UNFINISHED.read_text().splitlines()) if UNFINISHED.is_file() else frozenset()


def main() -> None:
    """Do what the parameters say."""
    entries = {"type": "list", "elements": "dict", "default": []}
    specification = {
        "folders": entries,
        "files": entries,
        "only": {"type": "list", "elements": "path", "default": []},
    }
    module = AnsibleModule(argument_spec=specification, supports_check_mode=True)
    made, written = Files(module.check_mode), _written_before()
    try:
        for entry in module.params["folders"]:
            made.folder(entry)
        for entry in module.params["files"]:
            made.file(entry)
        for folder in module.params["only"]:
            made.clear(Path(folder), set(_named(module.params)))
    except KeyError as problem:
        module.fail_json(
            msg=f"there is no user or group {problem} here, or an entry lacks it. Run the roles before this one"
        )
    except OSError as problem:
        # A disk that is full while a file is written has no name of it.
        place = problem.filename or made.paths[-1]
        module.fail_json(msg=f"{place}: {problem.strerror}. Mend that on the host and run this again")
    diff = {"before": "".join(made.before), "after": "".join(made.after)}
    again = [path for path in _named(module.params) if path in written and path not in made.paths]
    paths = [*made.paths, *again]
    module.exit_json(changed=bool(paths), paths=paths, diff=diff)


if __name__ == "__main__":
    main()
