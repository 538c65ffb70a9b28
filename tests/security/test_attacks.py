"""Every attack of attacks/: it succeeds without its own defence, and ends as it says with all of them."""

from __future__ import annotations

from typing import Any

import pytest
from suite.attack import Attack, attacks
from suite.results import result


@pytest.mark.parametrize("attack", [pytest.param(each, id=each.name) for each in attacks()])
def test_attack(attack: Attack, place: Any, results: list[Any]) -> None:
    """An attack that never succeeds would prove nothing."""
    without = ""
    if attack.undefended is not None:
        with attack.undefended(place) as weakened:
            without = attack.attempt(weakened)
    assert attack.harmless is None or attack.harmless(place), "what is no attack is refused too"
    got = attack.attempt(place)
    results.append(result(attack, "not isolated" if got else "held", without))
    assert without or attack.must.outcome == "not isolated", "the attack fails without its defence too"
    assert bool(got) == (attack.must.outcome == "not isolated"), f"{attack.sentence} Got: {got[:300]}"
