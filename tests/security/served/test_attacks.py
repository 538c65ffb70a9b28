"""Every attack that needs no whole platform: API servers, a company's login, or nothing."""

from __future__ import annotations

import pytest
from suite.attack import Attack, attacks
from suite.place import Place
from suite.trial import Tell, require_outcome

ELSEWHERE = {"platform", "cluster"}
PARAMETERS = [pytest.param(each, id=each.name) for each in attacks() if not each.needs & ELSEWHERE]


@pytest.mark.parametrize("attack", PARAMETERS)
def test_attack(attack: Attack, place: Place, record_property: Tell) -> None:
    """It succeeds without its own defence, and ends as it says with all of them."""
    require_outcome(attack, place, record_property)
