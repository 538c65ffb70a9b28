"""A task returns a result without an end, to fill the store that all tenants share."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import pytest
from aerodrome_airflow.xcom.errors import RefusedError
from aerodrome_airflow.xcom.settings import settings
from aerodrome_airflow.xcom.streams import Streamed
from suite.attack import HELD
from suite.place import ATTACKER, Place
from suite.results_store import configured, kept

FROM = "tenant code in a task"
AGAINST = "XComs"
DEFENCE = "a result has a largest size, counted while it is stored"
MUST = HELD
NEEDS = ()
PIECES, PIECE, LARGEST = 64, 1 << 20, 8 << 20
SETTING = "AIRFLOW__AERODROME__XCOM_LARGEST_BYTES"


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """The largest size is far away."""
    yield replace(place, notes={"largest": 1 << 40})


def harmless(place: Place) -> str:
    """Return the reference to a result that is not too large."""
    return _stored(place, 4)


def attack(place: Place) -> str:
    """Return the reference to the result."""
    return _stored(place, PIECES)


def _stored(place: Place, pieces: int) -> str:
    with configured(place), pytest.MonkeyPatch.context() as patch:
        patch.setenv(SETTING, str(place.notes.get("largest", LARGEST)))
        settings.cache_clear()
        try:
            return str(kept(Streamed(bytes(PIECE) for _ in range(pieces)), ATTACKER))
        except RefusedError:
            return ""
