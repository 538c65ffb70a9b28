"""Every attack on a platform that root deployed."""

from __future__ import annotations

import pytest
from suite.attack import Attack, attacks
from suite.place import Place
from suite.trial import Tell, require_outcome

PARAMETERS = [pytest.param(each, id=each.name) for each in attacks() if "platform" in each.needs]


# Its deploy is the setup of the first attack, and no part of it.
@pytest.mark.usefixtures("live")
@pytest.mark.parametrize("attack", PARAMETERS)
def test_attack(attack: Attack, place: Place, record_property: Tell) -> None:
    """It succeeds without its own defence, and ends as it says with all of them."""
    require_outcome(attack, place, record_property)
