"""Places in which a tenant's pod on a cluster lacks one of its defences."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from suite.place import Place


@contextmanager
def pod_with(place: Place, **spec: Any) -> Iterator[Place]:
    """The attacker's pod is of another `zone`, or has keys of its *spec* that the chart writes otherwise."""
    with place.find("make_pod")(**spec) as own:
        yield replace(place, open_pods=replace(place.pods, own=own))


@contextmanager
def open_namespaces(place: Place) -> Iterator[Place]:
    """Both tenants' namespaces have no network policies, and take every pod."""
    yield replace(place, open_pods=place.find("open_pods"))
