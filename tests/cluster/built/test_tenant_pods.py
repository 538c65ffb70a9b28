"""What a tenant's code cannot reach from its pod, and that it would without what keeps it from it."""

from __future__ import annotations

import pytest
from suite.attack import CLUSTER, Attack, attacks
from suite.place import Place
from suite.results import WHERE
from suite.trial import Tell, require_outcome


@pytest.mark.parametrize("attack", [pytest.param(each, id=each.name) for each in attacks(CLUSTER)])
def test_attack(attack: Attack, place: Place, where: str, record_property: Tell) -> None:
    """It succeeds without its own defence, and ends as it says with all of them."""
    record_property(WHERE, where)
    require_outcome(attack, place, record_property)
