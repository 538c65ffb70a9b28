"""Operations' commands: hosts of the inventory become workers, are drained, removed, looked at."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from aerodrome.cli import kinds, options, show, show_hosts, unseen
from aerodrome.errors import UserError, counted

if TYPE_CHECKING:
    from aerodrome.targets.host_commands import Done, Hosts

# Ansible's word for it, which is no host's and no group's name.
EVERY = "all"
_INSTEAD = "run it on a terminal, or let ansible_user use sudo without a password"
Limit = Annotated[
    str, typer.Option(help="Hosts or groups of the inventory, with commas. Left out: all of them.")
]
AskSudo = Annotated[
    bool, typer.Option("--ask-sudo", help="Ask, unseen, for the password of sudo on the hosts.")
]
Verbose = Annotated[int, typer.Option("--verbose", min=0, max=4, help="Show also what Ansible says.")]


def register(app: typer.Typer) -> None:
    """Add these commands to *app*."""
    app.command()(workers)
    app.command()(drain)
    app.command("remove-host")(remove_host)
    app.command("check-hosts")(check_hosts)


def workers(
    env: options.Environment = "local",
    limit: Limit = "",
    check: Annotated[bool, typer.Option("--check", help="Change nothing; show what would be.")] = False,
    ask_sudo: AskSudo = False,
    verbose: Verbose = 0,
) -> None:
    """Make hosts of the inventory workers of their queues, or bring them up to this commit; running tasks end first."""
    hosts = _hosts(env, limit, ask_sudo, verbose)
    try:
        with show.steps() as step:
            done = hosts.work(step, check=check)
    except KeyboardInterrupt:
        show.line(
            "run the same command again: a host that is draining is changed, and takes tasks, only then"
        )
        raise
    _told(done)


def drain(
    env: options.Environment = "local",
    limit: Limit = "",
    timeout: Annotated[str, typer.Option(help="Wait so long at most, such as 30m. Left out: no limit.")] = "",
    ask_sudo: AskSudo = False,
    verbose: Verbose = 0,
) -> None:
    """Let hosts take no further task and wait until their running ones have ended."""
    hosts = _named(env, limit, ask_sudo, verbose)
    try:
        with show.steps() as step:
            done = hosts.drain(step, timeout)
    except KeyboardInterrupt:
        for line in hosts.left_draining():
            show.line(line)
        raise
    _told(done)


def remove_host(
    env: options.Environment = "local",
    limit: Limit = "",
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
    ask_sudo: AskSudo = False,
    verbose: Verbose = 0,
) -> None:
    """Revoke the credentials of hosts at once, then take the platform off them; what runs there is killed."""
    try:
        hosts = _named(env, limit, ask_sudo, verbose)
    except UserError as why:
        # Whoever is in no inventory, or in a broken one, is shut out all the same.
        if not limit or not _shut_out(env, limit, str(why), yes):
            raise
        return
    show.line(hosts.told_of_removal())
    if not yes:
        typer.confirm("Remove them?", abort=True)
    with show.steps() as step:
        done = hosts.remove(step)
    _told(done)


def check_hosts(
    env: options.Environment = "local",
    limit: Limit = "",
    as_json: options.AsJson = False,
    ask_sudo: AskSudo = False,
    verbose: Verbose = 0,
) -> None:
    """Show how each host stands to the inventory and this commit, and what runs there; changes nothing."""
    hosts = _hosts(env, limit, ask_sudo, verbose)
    with show.working(f"looking at {counted(hosts.number, 'host')}"):
        found = hosts.look()
    if as_json:
        show.document(show_hosts.document(env, found))
    else:
        show_hosts.looked(found)
    show.problems_or_nothing(found.problems)


def _told(done: Done) -> None:
    show_hosts.done(done)
    show.problems_or_nothing(done.problems)


def _hosts(env: str, limit: str, ask_sudo: bool, verbose: int) -> Hosts:
    root: Path = options.repository_root()
    password = unseen.asked("password of sudo on the hosts: ", _INSTEAD) if ask_sudo else ""
    return kinds.hosts_of(root, env, limit, password, verbose)


def _named(env: str, limit: str, ask_sudo: bool, verbose: int) -> Hosts:
    if not limit:
        raise UserError("no host is named", f"LIMIT=<host> names one, LIMIT={EVERY} all of the inventory")
    return _hosts(env, "" if limit == EVERY else limit, ask_sudo, verbose)


def _shut_out(env: str, limit: str, why: str, yes: bool) -> bool:
    """Return whether any host of *limit* had credentials, which are revoked now; *why*: what the inventory says."""
    root = options.repository_root()
    if not kinds.may_have_let_in(root, env):
        return False
    if not yes:
        show.text(why)
        typer.confirm(f"Revoke the credentials of {limit} all the same?", abort=True)
    done = kinds.shut_out(root, env, limit)
    for sentence in done:
        show.line(sentence)
    return bool(done)
