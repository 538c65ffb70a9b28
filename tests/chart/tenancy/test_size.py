"""Many tenants fit where Helm keeps a release, and what they bring grows with their number alone."""

from __future__ import annotations

import gzip
import json
from typing import Any

import pytest

MOST_BYTES = 2**20
"""A secret of Kubernetes, in which Helm keeps a release, holds no more."""


def many(number: int) -> dict[str, Any]:
    """Return so many tenants with an image and two zones each."""
    digest = "sha256:" + "1" * 64
    return {
        f"t{index:03}": {
            "image": {"repository": f"registry.example.org/t{index}", "digest": digest},
            "zones": {"default": {}, "pii": {}},
        }
        for index in range(number)
    }


@pytest.mark.parametrize("number", [20, 100])
def test_many_tenants_fit_into_a_release(objects_of: Any, number: int) -> None:
    """How fast they render is a figure of `make bench`."""
    release = objects_of("tenants", tenants=many(number))
    assert len(release.of("Namespace")) == number + 2
    assert len(gzip.compress(json.dumps(release.objects).encode())) * 4 / 3 < MOST_BYTES


def test_a_tenant_brings_as_much_whether_there_are_few_or_many(objects_of: Any) -> None:
    """No object is made for each pair of tenants, and none grows with the number of others but those that list them."""
    few, more, many_more = (objects_of("tenants", tenants=many(number)).objects for number in (1, 2, 20))
    each, bytes_each = len(more) - len(few), len(json.dumps(more)) - len(json.dumps(few))
    assert len(many_more) - len(more) == 18 * each
    assert len(json.dumps(many_more)) - len(json.dumps(more)) == pytest.approx(18 * bytes_each, rel=0.05)
