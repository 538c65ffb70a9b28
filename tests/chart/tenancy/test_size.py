"""Many tenants render fast, and fit where Helm keeps a release."""

from __future__ import annotations

import gzip
import json
import resource
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


@pytest.mark.parametrize(("number", "seconds"), [(20, 3), (100, 10)])
def test_many_tenants_render_fast(objects_of: Any, number: int, seconds: float) -> None:
    """In seconds of computing, which other work on the machine does not change."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    release = objects_of("tenants", tenants=many(number))
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime < seconds
    assert len(release.of("Namespace")) == number + 2
    assert len(gzip.compress(json.dumps(release.objects).encode())) * 4 / 3 < MOST_BYTES
