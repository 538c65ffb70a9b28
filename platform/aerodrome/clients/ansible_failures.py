"""What Ansible says when a host fails, and what a person does about it: one table."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

_SAME_AGAIN = "then run the same command again: what is done stays done"
_PACKAGES = f"see the package sources on the host (apt-get update), {_SAME_AGAIN}"
CENSORED = "failed; what it said is hidden, for it may hold secrets"
LONGEST = 400
# Several tenants' mistakes may be told at once, each with its remedy.
LONGEST_OWN = 2000


@dataclass(frozen=True, order=True)
class HostFailure:
    """Why one host was not done: *where* is role and task, *message* one line, *remedy* what to do."""

    host: str
    where: str
    message: str
    remedy: str
    unreachable: bool = False

    @property
    def role(self) -> str:
        """The role of the task; empty where it is of none."""
        return _role(self.where)

    def __str__(self) -> str:
        return f"{self.host}: {self.where}: {self.message}" if self.where else f"{self.host}: {self.message}"


@dataclass(frozen=True)
class Known:
    """A failure that is known: how it is recognised, what it means and how it is mended; groups fill the places."""

    pattern: str
    message: str
    remedy: str
    role: str = ""
    """Only in this role; everywhere where left empty."""
    on_the_way: bool = False
    """Only where the host was not reached: the same words mean something else in what a task says."""


# The first that fits is taken: what is particular stands before what is general.
KNOWN = (
    Known(
        r"REMOTE HOST IDENTIFICATION HAS CHANGED",
        "its SSH key is another one than before",
        "if it was set up anew: ssh-keygen -R <its address>, then ssh to it once and compare the key; "
        "if not, somebody is in between",
        on_the_way=True,
    ),
    Known(
        r"Host key verification failed|No \S+ host key is known",
        "its SSH key is not known here",
        "ssh to it once as this user, compare the key and accept it",
        on_the_way=True,
    ),
    Known(
        r"Permission denied \(",
        "it does not let this user in over SSH",
        "see ansible_user and ansible_ssh_private_key_file in the inventory, and authorized_keys on the host",
        on_the_way=True,
    ),
    Known(
        r"Could not resolve hostname (\S+?):?\s",
        "its name {0} is not known",
        "write an address at ansible_host",
        on_the_way=True,
    ),
    Known(
        r"No route to host|Network is unreachable",
        "no network leads to it",
        "is it switched on, is ansible_host right?",
        on_the_way=True,
    ),
    Known(
        r"Connection refused",
        "it runs no SSH server at that address and port",
        "systemctl start ssh on the host, or see ansible_host and ansible_port in the inventory",
        on_the_way=True,
    ),
    Known(
        r"timed out|Timeout exceeded|timeout waiting for privilege escalation",
        "it does not answer",
        "is it switched on, and does a firewall let this machine's SSH through?",
        on_the_way=True,
    ),
    Known(
        r"[Ii]ncorrect sudo password|Sorry, try again|[Ii]ncorrect su password|Duplicate become password prompt",
        "the sudo password is wrong",
        "run the same command again with the right one; nothing was changed",
    ),
    Known(
        r"Missing sudo password|a password is required|a terminal is required",
        "sudo asks for a password there",
        "add ASK_SUDO=1 and type it (to make workers, not to make deploy), or let ansible_user use sudo without one",
    ),
    Known(
        r"not in the sudoers file|is not allowed to (?:execute|run sudo)",
        "its user may not use sudo",
        "let ansible_user become root there (/etc/sudoers.d), or name another user",
    ),
    Known(
        r"(?:sudo|su|doas): (?:command )?not found",
        "it has no sudo",
        "apt-get install sudo on the host, or let ansible_user be root",
    ),
    Known(
        r"module interpreter '([^']+)' was not found|(/\S*python\S*): (?:No such file|not found)|"
        r"(?:sh|bash): (?:line )?\d*:? ?(/\S*python\S*):? (?:No such|not found)",
        "it has no Python at {0}",
        "apt-get install python3 on the host, or write ansible_python_interpreter in the inventory",
    ),
    Known(
        # The second is what Python up to 3.6 says of any of Ansible's modules.
        r"requires a minimum of Python version|future feature annotations is not defined",
        "its Python is too old for Ansible",
        "workers need Debian 12 or a relative of it; ansible_python_interpreter names another Python there",
    ),
    Known(
        r"No space left on device|ENOSPC|not have enough free space|Disk quota exceeded",
        "its disk is full",
        f"make room there (df -h; du -xsh /var/log), {_SAME_AGAIN}",
    ),
    Known(
        r"Failed to create temporary directory",
        "nothing can be written to the home folder of its user: the disk is full or read-only",
        f"make room there (df -h), {_SAME_AGAIN}",
    ),
    Known(r"Read-only file system", "its disk is mounted read-only", f"see dmesg on the host, {_SAME_AGAIN}"),
    Known(
        r"Could not get lock (/var/lib/\S+?)\.?\s|[Ff]ailed to lock",
        "another program installs packages there",
        "wait for it (unattended-upgrades, another apt), then run the same command again",
    ),
    Known(
        r"(?:cause:|╰─▶) (Because .+)",
        "a tenant's lock does not resolve: {0}",
        "make lock-tenant TENANT=<tenant> writes it anew; commit it, then run the same command again",
        role="tenant_runtime",
    ),
    Known(
        r"No solution found when resolving|[Rr]equirements are unsatisfiable|[Hh]ash mismatch|no matching distribution|"
        r"[Nn]o matching wheels|not found in the package registry",
        "a tenant's lock cannot be installed: {text}",
        "make lock-tenant TENANT=<tenant> writes it anew; commit it, then run the same command again",
        role="tenant_runtime",
    ),
    Known(
        r"No solution found when resolving|[Rr]equirements are unsatisfiable|[Hh]ash mismatch|"
        r"[Ff]ailed to fetch: `?(\S+?)`?$",
        "the platform's packages cannot be installed: {text}",
        f"see hosts.python in environment.yaml (index, wheelhouse) and what the host reaches, {_SAME_AGAIN}",
        role="python_runtime",
    ),
    Known(
        r"No package matching '?([^'\s]+)'?|Unable to locate package (\S+)|no installation candidate",
        "its package sources do not have {0}",
        _PACKAGES,
    ),
    Known(
        r"Failed to update apt cache|Unable to fetch|Failed to fetch|does not have a Release file|"
        r"Temporary failure resolving|is not signed|Release file .* is not valid yet|404 +Not Found",
        "its package sources cannot be read: {text}",
        _PACKAGES,
    ),
    Known(
        r"dpkg was interrupted|unmet dependencies|held broken packages",
        "its packages are half installed",
        "dpkg --configure -a; apt-get -f install on the host, then run the same command again",
    ),
    Known(
        # Ansible wrote while ssh ended; where it has read why, that is told above.
        r"Data could not be sent to remote host",
        "no connection to it came about by SSH",
        "try ssh to its ansible_host by hand: that says why",
        on_the_way=True,
    ),
    Known(
        r"Connection (?:closed|reset)|[Bb]roken pipe|Shared connection to \S+ closed",
        "the connection broke off",
        "run the same command again: what is done stays done",
    ),
    Known(
        r"Unable to start service (\S+):|[Jj]ob for (\S+) failed",
        "its unit {0} does not start",
        "journalctl -u <unit> on the host says why; mend it, then run the same command again",
    ),
)
_OTHERWISE = (
    "see the host (journalctl -e), mend it, then run the same command again; "
    "make workers VERBOSE=1 shows what Ansible says"
)


def failure(
    host: str, where: str, answer: Mapping[str, Any], *, unreachable: bool, own_words: bool = False
) -> HostFailure:
    """Return what the *answer* of a failed task on *host* means to a person.

    *own_words*: the task only says what its role found out, as one sentence, and what to do as the next one.
    """
    if "censored" in answer:
        return HostFailure(host, where, CENSORED, _OTHERWISE, unreachable)
    text = _text(answer)
    message, remedy = str(answer.get("msg", "")), str(answer.get("remedy") or "")
    if own_words and not remedy:
        message, _, remedy = " ".join(message.split()).partition(". ")
    if remedy:
        # One of our own modules or tasks: it knows best.
        return HostFailure(host, where, _line(message, LONGEST_OWN), _line(remedy), unreachable)
    found = _recognised(host, where, text, unreachable) or _untold(host, where, answer, unreachable)
    item = _item(answer)
    return replace(found, message=f"{item}: {found.message}") if item else found


def reason(failures: Sequence[HostFailure]) -> HostFailure:
    """Return which of one host's *failures*, in their order, people are told.

    Of the last one's role it is the last that is explained: what failed elsewhere before was mended by a rescue.
    """
    last = failures[-1]
    of_role = [each for each in failures if each.role == last.role]
    return next((each for each in reversed(of_role) if each.remedy != _OTHERWISE), last)


def _recognised(host: str, where: str, text: str, unreachable: bool) -> HostFailure | None:
    for known in KNOWN:
        if known.role not in ("", _role(where)) or (known.on_the_way and not unreachable):
            continue
        if found := re.search(known.pattern, text, re.MULTILINE):
            return HostFailure(host, where, _filled(known, found, text), known.remedy, unreachable)
    return None


def _role(where: str) -> str:
    return where.partition(": ")[0] if ": " in where else ""


def _item(answer: Mapping[str, Any]) -> str:
    """Return at which of several things the task failed, such as a tenant's name; empty where it was for one."""
    failed = (each for each in answer.get("results", ()) if isinstance(each, Mapping) and each.get("failed"))
    item = next(failed, {}).get("item", "")
    return str(item.get("name", "")) if isinstance(item, Mapping) else str(item)


def _untold(host: str, where: str, answer: Mapping[str, Any], unreachable: bool) -> HostFailure:
    said = _line(str(answer.get("msg") or "")) or _last_line(_text(answer)) or "failed and did not say why"
    if said in ("non-zero return code", "MODULE FAILURE"):
        said = f"{said}: {_last_line(_text(answer))}"
    return HostFailure(host, where, said, _OTHERWISE, unreachable)


def _filled(known: Known, found: re.Match[str], text: str) -> str:
    group = next((each for each in found.groups() if each), "")
    start = text.rfind("\n", 0, found.start()) + 1
    return _line(known.message.format(group, text=text[start:].splitlines()[0].strip(" :")))


def _text(answer: Mapping[str, Any]) -> str:
    """Return everything that the answer says, its items' answers included."""
    parts = [
        str(answer[key])
        for key in ("msg", "stderr", "module_stderr", "module_stdout", "stdout")
        if answer.get(key)
    ]
    failed = [item for item in answer.get("results", ()) if isinstance(item, Mapping) and item.get("failed")]
    return "\n".join([*parts, *map(_text, failed)])


def _line(text: str, longest: int = LONGEST) -> str:
    """Return the first line of *text* that says something, shortened."""
    line = next((each.strip() for each in text.splitlines() if each.strip()), "")
    return line if len(line) <= longest else f"{line[:longest]}…"


def _last_line(text: str) -> str:
    return _line("\n".join(reversed(text.splitlines())))


def without(found: HostFailure, hidden: Mapping[str, str]) -> HostFailure:
    """Return *found* with each secret of *hidden* (secret → what is written for it) taken out of its texts."""
    message, remedy = found.message, found.remedy
    for secret, shown in hidden.items():
        message, remedy = message.replace(secret, shown), remedy.replace(secret, shown)
    return replace(found, message=message, remedy=remedy)
