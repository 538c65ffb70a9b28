"""Whom to turn to about a tenant's DAGs."""

from __future__ import annotations

from typing import Any

from aerodrome.environment import load_environment
from aerodrome.kubernetes.status.contacts import contacts


def test_owners_are_named_with_their_addresses_or_why_nobody_is(dev: Any) -> None:
    """Of these tenants alone: others are not read."""
    two = "owners: [{name: Ada, email: ada@example.org}, {name: Bea, email: bea@example.org}]\n"
    dev.write("tenants/alpha/tenant.yaml", two)
    dev.write("tenants/broken/tenant.yaml", "owners: []\n")
    dev.write("tenants/other/tenant.yaml", two)
    found = contacts(dev.root, load_environment(dev.root, "dev"), {"alpha", "broken", "gone", "platform"})
    assert found == {
        "alpha": "Ada <ada@example.org>, Bea <bea@example.org>",
        "broken": "its tenant.yaml has mistakes",
        "gone": "tenants/gone is gone",
        "platform": "the platform's own",
    }
