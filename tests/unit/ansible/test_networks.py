"""Whether the firewall would let in again whoever sets up a host."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Any

import pytest


@pytest.fixture(scope="module")
def within(repository: Path) -> Any:
    """The role's test for templates."""
    path = repository / "ansible/roles/node_base/test_plugins/node_base_within.py"
    spec = importlib.util.spec_from_file_location("node_base_within", path)
    assert spec is not None and spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.within


@pytest.mark.parametrize(
    ("address", "networks", "told"),
    [
        ("10.1.2.3", ["10.1.0.0/16"], True),
        ("10.1.2.3", ["10.1.2.3"], True),
        ("10.2.2.3", ["10.1.0.0/16", "192.0.2.0/24"], False),
        ("::ffff:10.1.2.3", ["10.1.0.0/16"], True),
        ("fe80::1%eth0", ["fe80::/10"], True),
        ("2001:db8::1", ["10.0.0.0/8"], False),
        ("10.1.2.3", ["10.1.2.9/16"], True),
    ],
)
def test_an_address_is_found_in_a_network(within: Any, address: str, networks: list[str], told: bool) -> None:
    """Of either family, as a socket for both tells it."""
    assert within(address, networks) is told
