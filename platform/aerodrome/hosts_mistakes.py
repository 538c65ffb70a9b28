"""What can be wrong with `hosts:` of environment.yaml beyond its shape."""

from __future__ import annotations

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path

from aerodrome import logs_settings
from aerodrome.addresses import host_and_port, is_own_address, why_not_reachable
from aerodrome.errors import did_you_mean
from aerodrome.hosts_settings import EntranceSettings, HostsSettings
from aerodrome.hosts_software import Installed, installed_mistakes, kerberos_mistakes

_NEEDED = ("execution_api", "broker", "secrets", "bundle")
_TOGETHER = (("networks", "certificate"), ("bundle_user", "bundle_password_file"))
_CLUSTER_ONLY = (*_NEEDED, "authority", *(key for pair in _TOGETHER for key in pair))
_PORTS = ("broker", "api", "secrets", "bundle")
# The scheduler hears of a task every two seconds; the longest pause of a busy API server stays below this.
_LEAST_CUT_OFF = timedelta(minutes=1)
_MOST_CUT_OFF = timedelta(hours=1)
_LEAST_ROTATION = timedelta(minutes=5)

Mistake = tuple[tuple[str | int, ...], str, str]
"""Keys, message, remedy."""


@dataclass(frozen=True)
class Around:
    """What else of the environment decides what `hosts` may be; *zones* are those with `workers: hosts`."""

    kind: str
    zones: Collection[str]
    store: str
    folder: Path
    has_inventory: bool


def mistakes(settings: HostsSettings | None, around: Around) -> Iterator[Mistake]:
    """Yield what is wrong with workers on hosts, with keys of the whole file."""
    if settings is None:
        yield from _unserved(around)
        return
    yield from _zones(around)
    for keys, message, remedy in _settings(settings, around):
        yield ("hosts", *keys), message, remedy


def _unserved(around: Around) -> Iterator[Mistake]:
    """Yield the zones whose hosts are told nothing; in a cluster they may be others' as long as none is named."""
    if around.kind == "local":
        remedy = "add hosts: {entrance: {address: <address of this machine>}}"
    else:
        remedy = "add hosts: {execution_api: …, broker: …, secrets: …, bundle: …}"
    for zone in around.zones if around.kind == "local" or around.has_inventory else ():
        yield ("zones", zone, "workers"), "hosts do not know how to reach the platform", remedy


def _zones(around: Around) -> Iterator[Mistake]:
    if around.has_inventory and around.zones and around.store != "vault":
        yield ("secrets", "store"), "hosts read secrets from a Vault alone", "write store: vault"


def _settings(settings: HostsSettings, around: Around) -> Iterator[Mistake]:
    if not around.zones:
        yield (), "has no effect: no zone says `workers: hosts`", "remove it, or add workers: hosts to a zone"
    if around.kind == "local":
        yield from _entrance(settings)
    else:
        yield from _cluster(settings, around.has_inventory)
    if settings.authority is not None and not (around.folder / settings.authority).is_file():
        yield ("authority",), f"there is no file {settings.authority} beside environment.yaml", ""
    yield from _software(settings, around.zones)
    yield from _firewall(settings, around.zones)
    yield from _times(settings)
    for keys, message, remedy in logs_settings.mistakes(settings.logs):
        yield ("logs", *keys), message, remedy


def _entrance(settings: HostsSettings) -> Iterator[Mistake]:
    for key in _CLUSTER_ONLY:
        if getattr(settings, key):
            yield (key,), "has no effect with kind: local, whose entrance serves hosts", "remove it"
    if settings.entrance is None:
        yield (), "hosts cannot reach the platform", "add entrance: {address: <address of this machine>}"
        return
    if not is_own_address(settings.entrance.address):
        remedy = "write the IP address by which other machines reach this one"
        yield ("entrance", "address"), f"{settings.entrance.address} is no IP address of one machine", remedy
    yield from _twice(settings.entrance)


def _twice(entrance: EntranceSettings) -> Iterator[Mistake]:
    taken: dict[int, str] = {}
    for key in _PORTS:
        port = getattr(entrance, key)
        if port in taken:
            yield ("entrance", key), f"port {port} is taken by '{taken[port]}'", ""
        taken.setdefault(port, key)


def _cluster(settings: HostsSettings, has_inventory: bool) -> Iterator[Mistake]:
    if settings.entrance is not None:
        remedy = "`networks` makes the chart's entrance: write it, execution_api, broker, secrets and bundle"
        yield ("entrance",), "has no effect with kind: kubernetes", remedy
    for one, other in _TOGETHER:
        if bool(getattr(settings, one)) != bool(getattr(settings, other)):
            yield (), f"`{one}` and `{other}` belong together", "write both, or none of them"
    for key in _NEEDED:
        text: str | None = getattr(settings, key)
        if text is None:
            if has_inventory or settings.networks:
                yield (), f"the key '{key}' is missing: hosts do not know where it is", ""
        elif reason := _bad_address(text, https=key != "broker"):
            yield (key,), reason, ""


def _bad_address(text: str, *, https: bool) -> str:
    try:
        host, _ = host_and_port(text)
    except ValueError:
        host = ""
    if not host or text.startswith("https://") != https or ("://" in text) != https:
        return "must be an https URL without credentials" if https else "must be host:port"
    reason = why_not_reachable(host)
    return f"'{host}' {reason}: no host reaches it" if reason else ""


def _software(settings: HostsSettings, zones: Collection[str]) -> Iterator[Mistake]:
    parts: dict[str, Installed | None] = {"java": settings.java, "hadoop": settings.hadoop}
    for name, part in parts.items():
        if part is not None:
            yield from (
                ((name, *keys), message, remedy) for keys, message, remedy in installed_mistakes(part)
            )
            yield from _unknown_zones((name, "zones"), part.zones or (), zones)
    if settings.kerberos is not None:
        for keys, message, remedy in kerberos_mistakes(settings.kerberos):
            yield ("kerberos", *keys), message, remedy
        yield from _unknown_zones(("kerberos", "zones"), settings.kerberos.zones or (), zones)
    index = settings.python.index_url
    if index and (reason := _bad_address(index, https=True)):
        yield ("python", "index_url"), reason, ""


def _unknown_zones(
    keys: tuple[str, ...], named: Collection[str], zones: Collection[str]
) -> Iterator[Mistake]:
    for number, zone in enumerate(named):
        if zone not in zones:
            message = f"no zone with `workers: hosts` is called '{zone}'"
            yield (*keys, number), message, did_you_mean(zone, zones)


def _firewall(settings: HostsSettings, zones: Collection[str]) -> Iterator[Mistake]:
    firewall = settings.firewall
    for key in ("reaches", "accepts"):
        for zone in getattr(firewall, key):
            if zone not in zones:
                message = f"no zone with `workers: hosts` is called '{zone}'"
                yield ("firewall", key, zone), message, did_you_mean(zone, zones)
    for zone, accepted in firewall.accepts.items():
        for number, each in enumerate(accepted):
            if not _is_range(each.ports):
                remedy = "write 40000, or 40000-40099"
                yield (
                    ("firewall", "accepts", zone, number, "ports"),
                    f"'{each.ports}' is no range of ports",
                    remedy,
                )


def _is_range(ports: str) -> bool:
    first, _, last = ports.partition("-")
    numbers = [int(text) for text in (first, last or first) if text.isdecimal() and len(text) < 6]
    return len(numbers) == 2 and 1 <= numbers[0] <= numbers[1] <= 65535


def _times(settings: HostsSettings) -> Iterator[Mistake]:
    if not _LEAST_CUT_OFF <= settings.cut_off <= _MOST_CUT_OFF:
        yield (
            ("cut_off",),
            "must be between 1m and 1h",
            "a task of a host that died is retried after this time",
        )
    if settings.rotate_login_every < _LEAST_ROTATION:
        yield ("rotate_login_every",), "must be 5m or more", ""
    if settings.drain_limit is not None and settings.drain_limit < timedelta(seconds=10):
        yield ("drain_limit",), "must be 10s or more", "a worker needs some seconds to end even without tasks"
