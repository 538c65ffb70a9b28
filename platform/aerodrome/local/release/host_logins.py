"""Logins of hosts at broker, secrets store and bundle of one platform: given, compared, and taken back at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from secrets import token_urlsafe
from typing import TYPE_CHECKING

from aerodrome import names
from aerodrome.clients.git import BareRepository
from aerodrome.clients.vault import Vault
from aerodrome.errors import AerodromeError, UserError, counted
from aerodrome.hosts.credentials import out_of_its_zone
from aerodrome.hosts.grant import Grant
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine import host_grants
from aerodrome.local.machine.difference import not_compared
from aerodrome.local.machine.ownership import Owner, write_file
from aerodrome.local.machine.platform import Platform
from aerodrome.local.processes.readiness import broker_access
from aerodrome.local.stores import broker, entrance, openbao
from aerodrome.plan import Action, Change
from aerodrome.progress import Progress
from aerodrome.secrets import host_rights

if TYPE_CHECKING:
    from aerodrome.hosts.inventory import Host

TARGET = "host access"


def let_in(platform: Platform, hosts: Sequence[Host]) -> None:
    """Let *hosts* in at the secrets store, the broker and the bundle, as the inventory says now.

    Their workers rest, or go on with the queues that they have. Safe to repeat; nothing is restarted. UserError where
    one was let in for another zone.
    """
    vault = store(platform)
    for host in hosts:
        if why := other_zone(platform, host):
            raise UserError(f"{host.name}: {why}", out_of_its_zone(platform.environment.name, host.name))
    for host in hosts:
        before = host_grants.of(platform.credentials, host)
        granted = replace(before, zone=host.zone, queues=host.queues, shut=False)
        host_grants.keep(platform.credentials, host.name, granted)
        platform.credentials.get(secret.redis_host(host.name))
    zones = {host.name: host.zone for host in hosts}
    host_rights.give(vault, platform.environment, platform.tenants, zones)
    restore(platform, hosts)
    _write_users(platform)


def step_back(platform: Platform, host: Host, before: Grant) -> None:
    """Give *host*, which could not be set up, the rights at the broker that it had *before* besides those of now.

    Its workers may be those of before or those of now. Who was removed meanwhile gets none.
    """
    if not platform.credentials.find(secret.redis_host(host.name)):
        return
    if before.shut:
        shut(platform, host)
        return
    now = host_grants.of(platform.credentials, host)
    both = tuple(dict.fromkeys((*before.queues, *now.queues)))
    host_grants.keep(platform.credentials, host.name, replace(now, queues=both))
    restore(platform, [host_grants.as_granted(platform.credentials, host)])
    _write_users(platform)


def restore(platform: Platform, hosts: Sequence[Host]) -> tuple[str, ...]:
    """Give the broker's users of *hosts* the rights that these stand for; return those that had others."""
    found = _differing(platform, hosts)
    for host in found:
        broker_access(platform).put_user(names.host_user(host.name), broker.rights_of_host(platform, host))
    return tuple(names.host_user(host.name) for host in found)


def other_zone(platform: Platform, host: Host) -> str:
    """Return that *host* was let in for another zone than the inventory says; empty where it was not.

    Its users, files and logins there are of that zone, and whoever holds them shall not come by another one's.
    """
    granted = host_grants.of(platform.credentials, host)
    return granted.other_zone(host) if platform.credentials.find(secret.redis_host(host.name)) else ""


def shut(platform: Platform, host: Host) -> None:
    """Keep *host* away from the broker until it is set up; what its workers took and did not finish stays theirs."""
    granted = host_grants.of(platform.credentials, host)
    host_grants.keep(platform.credentials, host.name, replace(granted, shut=True))
    _write_users(platform)
    broker_access(platform).delete_user(names.host_user(host.name))


def revoke(platform: Platform, host: str) -> tuple[str, ...]:
    """Shut *host* out at once, and return what was done, a sentence each; AerodromeError where a part must wait."""
    # The passwords go first: whatever ends this before its end, no deploy lets the host in again.
    for name in (secret.redis_host(host), secret.bundle_host(host), secret.host_grant(host)):
        platform.credentials.forget(name)
    # Whoever sets it up at this moment began before, and must not let it in again.
    platform.credentials.replace(secret.host_removal(host), token_urlsafe(16))
    done: list[str] = []
    problems: list[str] = []
    for out in (_out_of_bundle, _out_of_store, _out_of_broker):
        try:
            done += out(platform, host)
        except AerodromeError as problem:
            problems.append(str(problem.args[0]))
    if problems:
        remedy = f"make deploy ENV={platform.environment.name} starts what is down and shuts it out there"
        raise AerodromeError("\n".join((f"{host} is not shut out everywhere", *problems)), remedy)
    return tuple(done)


def _out_of_bundle(platform: Platform, host: str) -> Iterator[str]:
    if _drop_line(platform, entrance.NAME, entrance.USERS, f"{names.host_user(host)}:"):
        yield f"{host} fetches no DAGs any more"


def _out_of_broker(platform: Platform, host: str) -> Iterator[str]:
    _drop_line(platform, "redis", "users.acl", f"user {names.host_user(host)} ")
    access = broker_access(platform)
    if access.delete_user(names.host_user(host)):
        yield f"{host} has no user of the broker any more; its connections are cut"
    taken = sum(
        access.give_back(queue, *names.unacked_keys(queue, host)) for queue in platform.environment.queues
    )
    if taken:
        yield f"{counted(taken, 'message')} that its workers had taken went back to the queues"


def _out_of_store(platform: Platform, host: str) -> Iterator[str]:
    if host_rights.take(openbao.vault(platform), platform.environment, host):
        yield f"{host} has no login to the secrets store any more, and no right there"


def _drop_line(platform: Platform, process: str, file: str, start: str) -> bool:
    path = platform.layout.process_config(process) / file
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True) if path.is_file() else []
    kept = [line for line in lines if not line.startswith(start)]
    if len(kept) == len(lines):
        return False
    write_file(path, "".join(kept), 0o600, _owner(platform, process))
    return True


def _write_users(platform: Platform) -> None:
    layout = platform.layout
    for process, file, text in (
        ("redis", "users.acl", broker.access_list(platform)),
        (entrance.NAME, entrance.USERS, entrance.bundle_users(platform)),
    ):
        write_file(layout.process_config(process) / file, text, 0o600, _owner(platform, process))


def differences(platform: Platform) -> tuple[Change, ...]:
    """Return which hosts must be shut out, whom the broker gives other rights, and whether the bundle is behind."""
    return (*_gone(platform), *_drifted(platform), *_unserved(platform))


def apply(platform: Platform, progress: Progress) -> None:
    """Shut out who is not in the inventory any more, and put the users of the others right."""
    for each in _gone(platform):
        for sentence in revoke(platform, each.name):
            progress(sentence)
    for user in restore(platform, platform.at_broker):
        progress(f"update broker user {user}")
    if platform.entrance is not None:
        BareRepository(platform.layout.bundle).serve()


def is_needed(platform: Platform) -> bool:
    """Return whether there is anything to do with hosts: they may come in, or one could once."""
    return platform.entrance is not None or bool(platform.credentials.hosts())


def _gone(platform: Platform) -> tuple[Change, ...]:
    known = {host.name for host in platform.hosts}
    gone = [host for host in platform.credentials.hosts() if host not in known]
    why = "the inventory does not name it"
    return tuple(replace(_change("delete", "access of host", host, why), owner=host) for host in gone)


def _drifted(platform: Platform) -> Iterator[Change]:
    if not broker_access(platform).answers():
        if platform.at_broker:
            yield not_compared(TARGET, "broker users of hosts")
    else:
        for host in _differing(platform, platform.at_broker):
            yield _change(
                "update", "broker user", names.host_user(host.name), "it has other rights, or is gone"
            )


def differing(platform: Platform, hosts: Sequence[Host]) -> tuple[str, ...]:
    """Return the names of those of *hosts* whose users the broker does not have, or has with other rights."""
    return tuple(host.name for host in _differing(platform, hosts))


def _differing(platform: Platform, hosts: Sequence[Host]) -> list[Host]:
    wanted = {names.host_user(host.name): broker.rights_of_host(platform, host) for host in hosts}
    differing = broker_access(platform).differing(wanted) if hosts else ()
    return [host for host in hosts if names.host_user(host.name) in differing]


def _unserved(platform: Platform) -> Iterator[Change]:
    repository = BareRepository(platform.layout.bundle)
    if platform.entrance is not None and repository.path.is_dir() and not repository.serves_head():
        yield _change("update", "bundle", "", "hosts do not see its newest version")


def _change(action: Action, kind: str, name: str, why: str) -> Change:
    return Change(TARGET, action, f"{kind} {name}".strip(), why, "access", kind=kind, name=name)


def store(platform: Platform) -> Vault:
    """Return the secrets store that hosts read from; UserError or AerodromeError where there is none now."""
    if platform.environment.secrets.store != "vault":
        raise UserError(
            "hosts of a local environment read secrets from OpenBao only", "write secrets: {store: vault}"
        )
    vault = openbao.vault(platform)
    if vault.state() != "ready":
        raise AerodromeError(
            "OpenBao does not run or is sealed", f"make deploy ENV={platform.environment.name}"
        )
    return vault


def _owner(platform: Platform, process: str) -> Owner:
    accounts = platform.accounts
    return accounts.owner(accounts.redis if process == "redis" else accounts.entrance)
