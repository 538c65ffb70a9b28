"""Addresses of machines and networks, as people write them."""

from __future__ import annotations

import ipaddress
import re
from typing import Annotated
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field

_LABEL = r"[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?"
_NAME = re.compile(rf"{_LABEL}(\.{_LABEL})*")
# What the system's resolver takes for a number, and so for an address of version 4.
_NUMBER = re.compile(r"\d+|0x[0-9a-f]*")
_LOCAL_NAMES = re.compile(r"(ip6-)?(localhost|loopback)(\..*)?|.*\.localhost")


def canonical(text: str) -> str | None:
    """Return the one spelling of an IP address or a name of DNS; None where *text* is neither."""
    try:
        found = ipaddress.ip_address(text)
    except ValueError:
        return _canonical_name(text)
    if isinstance(found, ipaddress.IPv6Address):
        # An address of a link only, whose interface has a name on one machine alone, leads nowhere elsewhere.
        return None if found.scope_id else str(found.ipv4_mapped or found)
    return str(found)


def _canonical_name(text: str) -> str | None:
    name = text.lower().removesuffix(".")
    if len(name) > 253 or not text.isascii() or not _NAME.fullmatch(name):
        return None
    return None if _NUMBER.fullmatch(name.rpartition(".")[2]) else name


def is_ip(text: str) -> bool:
    """Return whether *text* is an IP address in its one spelling."""
    try:
        return str(ipaddress.ip_address(text)) == text
    except ValueError:
        return False


def is_own_address(text: str) -> bool:
    """Return whether *text* is an IP address that one machine can have."""
    if not is_ip(text):
        return False
    found = ipaddress.ip_address(text)
    return not (found.is_unspecified or found.is_multicast or found.is_reserved)


def why_not_reachable(address: str) -> str:
    """Return why *address*, in its one spelling, cannot be another machine's; an empty text where it can."""
    if not is_ip(address):
        return "is this machine" if _LOCAL_NAMES.fullmatch(address) else ""
    found = ipaddress.ip_address(address)
    if found.is_loopback or found.is_unspecified:
        return "is this machine"
    return "is no machine's own address" if found.is_multicast or found.is_reserved else ""


def host_and_port(url: str) -> tuple[str, int]:
    """Return host and port of an https *url* or of `host:port`; ValueError where it is neither."""
    parts = urlsplit(url if "://" in url else f"//{url}")
    port = parts.port or (443 if parts.scheme == "https" else None)
    host = canonical(parts.hostname or "")
    if host is None or port is None or parts.username is not None:
        raise ValueError(f"no host and port: {url}")
    return host, port


def _network(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise ValueError(
            f"'{text}' is no network: write it as 10.20.0.0/16, with zeros behind the mask"
        ) from None


def _address(text: str) -> str:
    found = canonical(text)
    if found is None:
        raise ValueError(f"'{text}' is no address: write an IP address or a name of DNS")
    return found


def _destination(text: str) -> str:
    return _network(text) if "/" in text else _address(text)


Network = Annotated[str, AfterValidator(_network)]
"""A network as CIDR; a single address is a network of its own."""
Address = Annotated[str, AfterValidator(_address)]
"""An IP address or a name of DNS, in its one spelling."""
Destination = Annotated[str, AfterValidator(_destination)]
"""An address or a network."""
Port = Annotated[int, Field(ge=1, le=65535)]
