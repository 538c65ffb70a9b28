"""What inventory/hosts.yml may say of a host."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, Field

from aerodrome.addresses import Port
from aerodrome.modelling import PATTERNS, Many, Model, Name
from aerodrome.quantities import Memory

HOST_PATTERN = r"^[a-z][a-z0-9-]{0,30}$"
GROUP_PATTERN = r"^[a-z][a-z0-9_]{0,62}$"
_USER_PATTERN = r"^[a-z_][a-z0-9_-]{0,31}$"
_PATH_PATTERN = r"^[~/][A-Za-z0-9/._@~+-]*$"
_PROGRAM_PATTERN = r"^/[A-Za-z0-9/._+-]+$"
PATTERNS[_USER_PATTERN] = "a user of Linux is lower-case letters, digits, '-' and '_', 32 characters at most"
PATTERNS[_PATH_PATTERN] = "write a path that begins with / or ~"
PATTERNS[_PROGRAM_PATTERN] = "write an absolute path"

ADDRESS, QUEUES = "ansible_host", "queues"
CONNECTION = "ansible_"
# Names of variables by which Ansible is told a password; `ansible_become_pass` and the like are old spellings.
_PASSWORD_WORDS = ("pass", "secret", "token")
_TEMPLATES = ("{{", "{%", "{#")
# Ansible's own names for hosts that stand in no inventory, and for groups that are always there.
RESERVED_HOSTS = {
    "localhost": "is Ansible's name for the machine that deploys",
    "all": "is Ansible's name for all hosts",
    "ungrouped": "is Ansible's name for hosts without a group",
    "implicit": "is a name of Ansible's own",
}
_OTHER_MACHINE = re.compile(r"hostname\s*[=\s]", re.IGNORECASE)
Slots = Annotated[int, Field(ge=1, le=512)]


def _no_other_machine(options: str) -> str:
    if _OTHER_MACHINE.search(options):
        raise ValueError("HostName leads to another machine than ansible_host says: write its address there")
    return options


SshOptions = Annotated[str, Field(max_length=500), AfterValidator(_no_other_machine)]


class HostEntry(Model):
    """A host: which queues it serves, and how to log in to it. What a group says in `vars` holds for its hosts."""

    queues: Many[Name] = Field(min_length=1, description="Queues whose workers it runs: all of one zone.")
    slots: dict[Name, Slots] = Field(
        default_factory=dict,
        description="By queue: tasks that run at once. Left out: as environment.yaml says.",
    )
    memory: dict[Name, Memory] = Field(
        default_factory=dict,
        description="By queue: most memory of its worker with all its tasks. Left out: as below.",
    )
    ansible_host: str = Field(description="Its address: an IP address or a name of DNS.")
    ansible_port: Port | None = Field(None, description="Port of SSH. Left out: 22.")
    ansible_user: Annotated[str, Field(pattern=_USER_PATTERN)] | None = Field(
        None, description="Who logs in. Left out: who deploys."
    )
    ansible_ssh_private_key_file: Annotated[str, Field(pattern=_PATH_PATTERN)] | None = Field(
        None, description="Key to log in with. Left out: those of the SSH agent."
    )
    ansible_ssh_common_args: SshOptions | None = Field(
        None, description="More options of ssh, such as `-J bastion.example.org`."
    )
    ansible_become: bool | None = Field(
        None, description="Whether to become root. Left out: unless it is root."
    )
    ansible_become_method: Literal["sudo", "su", "doas"] | None = Field(
        None, description="How to become root. Left out: sudo."
    )
    ansible_python_interpreter: Annotated[str, Field(pattern=_PROGRAM_PATTERN)] | None = Field(
        None, description="Python that Ansible itself runs with. Left out: /usr/bin/python3."
    )


def is_password(key: str) -> bool:
    """Return whether *key* is a variable that tells Ansible a password."""
    return key.startswith("ansible") and any(word in key for word in _PASSWORD_WORDS)


def template_in(value: Any) -> str | None:
    """Return a text anywhere in *value* that Ansible would take for a template, or None."""
    return next((text for text in _texts(value) if any(sign in text for sign in _TEMPLATES)), None)


def unprintable_in(value: Any) -> str | None:
    """Return a text anywhere in *value* with a character that has no place in a setting, or None."""
    return next((text for text in _texts(value) if not text.isprintable()), None)


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, dict):
        for key, inner in value.items():
            yield from (key, *_texts(inner))
    elif isinstance(value, list):
        for inner in value:
            yield from _texts(inner)
