"""The access of hosts to a platform in a cluster: credentials given one by one, revoked at once."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path
from secrets import token_urlsafe

from aerodrome import names
from aerodrome.clients import bundle_login
from aerodrome.clients.redis import Broker
from aerodrome.clients.vault import Vault
from aerodrome.environment import FOLDER, Environment
from aerodrome.errors import AerodromeError, UserError, counted, did_you_mean
from aerodrome.hosts.credentials import (
    BROKER,
    BUNDLE,
    LOGIN_SECONDS,
    OUT,
    STORE,
    WAITS,
    HostCredentials,
    Standing,
    marked,
    out_of_its_zone,
)
from aerodrome.hosts.grant import Grant
from aerodrome.hosts.inventory import Host
from aerodrome.kubernetes.host_record import HostRecord, Kept, LetIn
from aerodrome.render import broker_users
from aerodrome.render.host_places import AUTHORITY
from aerodrome.secrets import host_rights
from aerodrome.secrets.usable import Tenants

_UNSEEN = ""


@dataclass(frozen=True)
class ClusterHostAccess:
    """The access of the inventory's *hosts* to the platform of *environment*, whose repository is at *root*.

    *broker* opens the way to the release's own Redis, None where there is none; *vault* is asked for when needed, since
    whoever only looks may have no login there.
    """

    root: Path
    environment: Environment
    tenants: Tenants
    hosts: Sequence[Host]
    record: HostRecord
    broker: Callable[[], AbstractContextManager[Broker | None]]
    vault: Callable[[], Vault]
    _removals: dict[str, str | None] = field(default_factory=dict, repr=False, compare=False)
    _before: dict[str, LetIn] = field(default_factory=dict, repr=False, compare=False)

    def authority(self) -> str:
        """Return the certificate of the authority that hosts trust, as PEM."""
        settings, place = self.environment.hosts, f"{FOLDER}/{self.environment.name}"
        if settings is None or settings.authority is None:
            remedy = "add authority: <PEM file beside it>, of who signed the certificates that hosts meet"
            raise UserError(f"{place}/environment.yaml: hosts says not whom hosts trust", remedy)
        return (self.root / place / settings.authority).read_text(encoding="ascii")

    def standing(self, hosts: Sequence[str]) -> dict[str, Standing]:
        """Return host → how its logins stand; changes nothing."""
        kept = self.record.read()
        for name in hosts:
            self._removals.setdefault(name, kept.removals.get(name))
        with self.broker() as broker:
            strangers = self._differing(broker, kept.at_broker) if broker and broker.answers() else ()
        vault = self.vault() if kept.hosts else None
        known = [self._known(name) for name in hosts]
        return {host.name: self._standing(host, kept, strangers, vault) for host in known}

    def mark(self, text: str) -> str:
        """Return what tells *text* from another one, to who has the platform's key alone."""
        return marked(self.record.read().marks or token_urlsafe(32), text)

    def credentials(
        self,
        hosts: Sequence[str],
        new_logins: Collection[str] = (),
        seconds: int = LOGIN_SECONDS,
        *,
        only_look: bool = False,
    ) -> dict[str, HostCredentials]:
        """Let *hosts* in for the queues of now, and return host → what it is given; nothing is restarted.

        Those of *new_logins* lose every secret id that they had and get another one, to be unwrapped within *seconds*.
        With *only_look* nobody is let in, and what is returned is of no use. UserError where somebody removed one since
        its standing was looked at, or it was let in for another zone.
        """
        kept, wanted = self.record.read(), [self._known(name) for name in hosts]
        if only_look:
            return {host.name: self._given(host.name, _password(kept, host.name), "") for host in wanted}
        self._require_not_removed(hosts, kept)
        self._require_zones(wanted, kept)
        self.record.marks()
        self._before.update({name: kept.hosts[name] for name in hosts if name in kept.hosts})
        made = {host.name: self._let_in(host, kept) for host in wanted}
        self._require_none_removed_meanwhile(hosts, kept)
        return {
            host.name: self._given(
                host.name, made[host.name].password, self._new_login(host.name, seconds, new_logins)
            )
            for host in wanted
        }

    def step_back(self, hosts: Sequence[str]) -> None:
        """Give *hosts*, which could not be set up, also the rights that they had before their last credentials.

        Their workers may be those of before or those of now. Who was removed meanwhile gets none.
        """
        kept = self.record.read()
        for name in hosts:
            now, before = kept.hosts.get(name), self._before.get(name)
            if now is None:
                continue
            if before is not None and before.grant.shut:
                self.shut([name])
                continue
            queues = (*(before.grant.queues if before else ()), *now.grant.queues)
            grant = replace(now.grant, queues=tuple(dict.fromkeys(queues)))
            self._bring({name: self.record.keep(name, grant, now.password)})

    def restore(self, hosts: Sequence[str]) -> tuple[str, ...]:
        """Give *hosts* back the users of the broker that they were let in with; return those who had none such."""
        known = {name: found for name, found in self.record.read().at_broker.items() if name in hosts}
        with self.broker() as broker:
            if broker is None or not broker.answers():
                return ()
            differing = self._differing(broker, known)
            for name in differing:
                broker.put_user(names.host_user(name), known[name].rights(name))
        return tuple(f"the broker knows {names.host_user(name)} again as it was" for name in differing)

    def shut(self, hosts: Sequence[str]) -> None:
        """Keep *hosts* away from the broker until they are set up."""
        for name in hosts:
            self.record.shut(name)
            with self._required() as broker:
                broker.delete_user(names.host_user(name))

    def revoke(self, host: str) -> tuple[str, ...]:
        """Shut *host* out at once, and return what was done, a sentence each; nothing where it was not in.

        The inventory need not name it. AerodromeError where a part must wait.
        """
        # The password goes first: whatever ends this before its end, no deploy lets the host in again.
        if host in self.record.read().hosts:
            self.record.forget(host)
        done: list[str] = []
        problems: list[str] = []
        for out in (self._out_of_store, self._out_of_broker):
            try:
                done += out(host)
            except AerodromeError as problem:
                problems.append(str(problem.args[0]))
        if problems:
            remedy = "run the same command again when they answer"
            raise AerodromeError("\n".join((f"{host} is not shut out everywhere", *problems)), remedy)
        return tuple(done)

    def drifted(self) -> tuple[str, ...]:
        """Return the hosts whose users the broker does not have, or has with other rights."""
        known = self.record.read().at_broker
        with self.broker() as broker:
            return self._differing(broker, known) if broker and broker.answers() else ()

    def _standing(self, host: Host, kept: Kept, strangers: Sequence[str], vault: Vault | None) -> Standing:
        found = kept.hosts.get(host.name)
        if found is None or vault is None:
            marks = {login: token_urlsafe(12) for login in (BROKER, STORE, BUNDLE)}
            return Standing(marks, dict.fromkeys((BROKER, STORE), OUT))
        refused = dict(self._refused(host.name, found, strangers, vault))
        return Standing(self._marks(host.name, found, kept.marks), refused, found.grant.other_zone(host))

    def _marks(self, name: str, found: LetIn, key: str) -> dict[str, str]:
        role = names.host_role(self.environment.name, name)
        return {
            BROKER: marked(key, self._url(name, found.password)),
            STORE: marked(key, f"{role} {found.grant.issue}"),
            BUNDLE: marked(key, self._bundle_password()),
        }

    def _refused(
        self, name: str, found: LetIn, strangers: Sequence[str], vault: Vault
    ) -> Iterator[tuple[str, str]]:
        if found.grant.shut:
            yield BROKER, WAITS
        elif name in strangers:
            yield BROKER, f"the broker's user {names.host_user(name)} is gone or is another one"
        if why := host_rights.why_refused(vault, names.host_role(self.environment.name, name)):
            yield STORE, why

    def _let_in(self, host: Host, kept: Kept) -> LetIn:
        known = kept.hosts.get(host.name)
        issue = known.grant.issue if known else ""
        made = self.record.keep(
            host.name, Grant(host.zone, host.queues, issue), known.password if known else ""
        )
        host_rights.give(self.vault(), self.environment, self.tenants, {host.name: host.zone})
        self._bring({host.name: made})
        return made

    def _new_login(self, host: str, seconds: int, wanted: Collection[str]) -> str:
        if host not in wanted:
            return ""
        known = self.record.read().hosts[host]
        # Noted first: a login that is lost on its way is another one than the host's stamp knows.
        self.record.keep(host, replace(known.grant, issue=token_urlsafe(16)), known.password)
        return self.vault().wrapped_secret_id(names.host_role(self.environment.name, host), seconds)

    def _given(self, host: str, password: str, wrapped_login: str) -> HostCredentials:
        settings = self.environment.hosts
        return HostCredentials(
            host=host,
            broker_url=self._url(host, password),
            role_id=names.host_role(self.environment.name, host),
            wrapped_login=wrapped_login,
            bundle_user=settings.bundle_user or names.host_user(host) if settings else "",
            bundle_password=self._bundle_password(),
            authority=self.authority(),
        )

    def _url(self, host: str, password: str) -> str:
        assert self.environment.hosts is not None
        place = self.environment.hosts.addresses().broker
        return broker_users.url_over_tls(names.host_user(host), password, place, AUTHORITY)

    def _bundle_password(self) -> str:
        settings = self.environment.hosts
        return bundle_login.password(settings, self.root) if settings else ""

    def _bring(self, found: Mapping[str, LetIn]) -> None:
        with self._required() as broker:
            for name in self._differing(broker, found):
                broker.put_user(names.host_user(name), found[name].rights(name))

    @contextmanager
    def _required(self) -> Iterator[Broker]:
        with self.broker() as found:
            if found is None:
                settings = self.environment.cluster
                said = f"release {settings.release} has no Redis of its own in {settings.namespace}"
                raise UserError(
                    said, f"make deploy ENV={self.environment.name} makes it; redis.enabled turns it off"
                )
            yield found

    def _differing(self, broker: Broker, found: Mapping[str, LetIn]) -> tuple[str, ...]:
        wanted = {names.host_user(name): each.rights(name) for name, each in found.items()}
        differing = set(broker.differing(wanted)) if wanted else set()
        return tuple(name for name in found if names.host_user(name) in differing)

    def _out_of_store(self, host: str) -> Iterator[str]:
        if host_rights.take(self.vault(), self.environment, host):
            yield f"{host} has no login to the secrets store any more, and no right there"

    def _out_of_broker(self, host: str) -> Iterator[str]:
        with self.broker() as broker:
            if broker is None:
                return
            if broker.delete_user(names.host_user(host)):
                yield f"{host} has no user of the broker any more; its connections are cut"
            queues = self.environment.queues
            taken = sum(broker.give_back(queue, *names.unacked_keys(queue, host)) for queue in queues)
        if taken:
            yield f"{counted(taken, 'message')} that its workers had taken went back to the queues"

    def _known(self, name: str) -> Host:
        known = {host.name: host for host in self.hosts}
        if name not in known:
            raise UserError(f"the inventory names no host '{name}'", did_you_mean(name, known))
        return known[name]

    def _require_zones(self, hosts: Sequence[Host], kept: Kept) -> None:
        for host in hosts:
            known = kept.hosts.get(host.name)
            if known and (why := known.grant.other_zone(host)):
                raise UserError(f"{host.name}: {why}", out_of_its_zone(self.environment.name, host.name))

    def _require_none_removed_meanwhile(self, hosts: Sequence[str], before: Kept) -> None:
        now = self.record.read().removals
        for name in hosts:
            if now.get(name) != before.removals.get(name):
                self.revoke(name)
                raise _removed([name])

    def _require_not_removed(self, hosts: Sequence[str], kept: Kept) -> None:
        removed = [
            name
            for name in hosts
            if self._removals.get(name, _UNSEEN) not in (_UNSEEN, kept.removals.get(name))
        ]
        if removed:
            raise _removed(removed)


def _removed(hosts: Sequence[str]) -> UserError:
    return UserError(
        f"{', '.join(hosts)}: removed by another command meanwhile, and not let in again",
        "run the same command again for the others; take what was removed out of the inventory",
    )


def _password(kept: Kept, host: str) -> str:
    found = kept.hosts.get(host)
    return found.password if found else ""
