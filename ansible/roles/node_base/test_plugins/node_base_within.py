"""A Jinja test: whether an address lies in one of several networks."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterable


def within(address: str, networks: Iterable[str]) -> bool:
    """Return whether *address* lies in one of *networks*, addresses or with a prefix length."""
    # An IPv4 connection to a socket for both families is told as ::ffff:1.2.3.4, a link's as fe80::1%eth0.
    found = ipaddress.ip_address(address.split("%", maxsplit=1)[0])
    found = getattr(found, "ipv4_mapped", None) or found
    return any(found in ipaddress.ip_network(network, strict=False) for network in networks)


class TestModule:
    """What Ansible looks for."""

    def tests(self) -> dict[str, Callable[[str, Iterable[str]], bool]]:
        """Return the tests by name."""
        return {"node_base_within": within}
