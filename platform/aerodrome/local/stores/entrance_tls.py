"""TLS of the broker and of the entrance for hosts: one authority of the platform, one certificate that it renews."""

from __future__ import annotations

import datetime as dt
import ipaddress
from collections.abc import Iterator

from aerodrome.local.machine import certificates
from aerodrome.local.machine import credentials as secret
from aerodrome.local.machine.certificates import Authority, ServerCertificate
from aerodrome.local.machine.difference import of_release
from aerodrome.local.machine.platform import Platform
from aerodrome.plan import Change

AUTHORITY, CERTIFICATE, KEY = "authority.pem", "server.pem", "server.key"
FILES = (AUTHORITY, CERTIFICATE, KEY)
LOOPBACK = "127.0.0.1"
# A deploy renews it four months before: this is said where nobody has deployed since.
WARNED_BEFORE = dt.timedelta(days=30)
_NAME = "aerodrome"


def authority(platform: Platform) -> str:
    """Return the certificate of the platform's authority, as PEM: what a host trusts."""
    return _authority(platform).certificate


def files(platform: Platform) -> dict[str, str]:
    """Return the files of a server that hosts reach, name → text."""
    found = server(platform)
    return {AUTHORITY: found.authority, CERTIFICATE: found.certificate, KEY: found.key}


def server(platform: Platform) -> ServerCertificate:
    """Return the certificate of broker and entrance; a new one where its time comes, unless this is only a look."""
    found, own = _kept(platform), _authority(platform)
    if found is not None and (platform.looked_at or not _why(platform, found, own)):
        return found
    made = certificates.issued(own, _addresses(platform), _NAME)
    if not platform.looked_at:
        platform.credentials.replace(secret.ENTRANCE_TLS, made.to_text())
    return made


def differences(platform: Platform) -> Iterator[Change]:
    """Yield that the certificate is renewed, where it is."""
    found = _kept(platform)
    if found is not None and (why := _why(platform, found, _authority(platform))):
        yield of_release("update", "certificate", "of broker and entrance", f"{why}; no restart is needed")


def is_refused(platform: Platform) -> bool:
    """Return whether clients refuse the certificate that is shown now: it has ended, or its authority is gone."""
    found = _kept(platform)
    if found is None:
        return False
    return found.authority != authority(platform) or certificates.ends(found.certificate) < dt.datetime.now(
        dt.UTC
    )


def told(platform: Platform) -> tuple[str, ...]:
    """Return a line for people where the certificate is near its end because nobody deploys."""
    found = _kept(platform) if platform.entrance else None
    if found is None or certificates.ends(found.certificate) - dt.datetime.now(dt.UTC) > WARNED_BEFORE:
        return ()
    name, end = platform.environment.name, certificates.ends(found.certificate)
    return (
        f"The certificate of broker and entrance ends on {end:%Y-%m-%d}: `make deploy ENV={name}` renews it.",
    )


def _kept(platform: Platform) -> ServerCertificate | None:
    text = platform.credentials.find(secret.ENTRANCE_TLS)
    return certificates.parsed(text) if text else None


def _authority(platform: Platform) -> Authority:
    text = platform.credentials.made(
        secret.ENTRANCE_AUTHORITY,
        lambda: certificates.new_authority(f"{_NAME} {platform.environment.name}").to_text(),
    )
    return certificates.parsed_authority(text)


def _why(platform: Platform, found: ServerCertificate, own: Authority) -> str:
    return certificates.why_renew(found, own, _addresses(platform))


def _addresses(platform: Platform) -> tuple[str, ...]:
    own = (platform.entrance.address,) if platform.entrance else ()
    return tuple(dict.fromkeys(str(ipaddress.ip_address(each)) for each in (LOOPBACK, *own)))
