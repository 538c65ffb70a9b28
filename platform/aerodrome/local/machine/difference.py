"""The changes of ENV=local's own targets, each with the risk that its kind brings."""

from __future__ import annotations

from aerodrome.plan import Action, Change, Risk, not_observable

RELEASE = "release"


def of_release(action: Action, kind: str, name: str, why: str) -> Change:
    """Return a change of users, packages or processes; a process that ends takes what it works on with it."""
    risk: Risk = "restarts" if action in ("restart", "delete") else "none"
    return Change(RELEASE, action, f"{kind} {name}".strip(), why, risk, kind=kind, name=name)


def not_compared(target: str, what: str) -> Change:
    """Return that nothing is known of *what* before the process that holds it runs."""
    return not_observable(target, what, "it does not run: compared once it does")
