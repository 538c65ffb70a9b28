"""An attack, tried without its own defence and with all of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict

from suite.attack import Attack
from suite.place import Place
from suite.results import ROW, result

Tell = Callable[[str, object], None]
"""pytest's `record_property`: what it is told stands in the test's report, in whichever process the test runs."""


def require_outcome(attack: Attack, place: Place, tell: Tell) -> None:
    """Try *attack* in *place* and tell its row; AssertionError where it does not end as it says.

    It has to succeed without its own defence: an attack that never succeeds would prove nothing.
    """
    without = ""
    if attack.undefended is not None:
        with attack.undefended(place) as weakened:
            without = attack.attempt(weakened)
    assert attack.harmless is None or attack.harmless(place), "what is no attack is refused too"
    got = attack.attempt(place)
    tell(ROW, asdict(result(attack, "not isolated" if got else "held", without)))
    assert without or attack.must.outcome == "not isolated", "the attack fails without its defence too"
    assert bool(got) == (attack.must.outcome == "not isolated"), f"{attack.sentence} Got: {got[:300]}"
