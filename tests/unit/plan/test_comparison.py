"""A plan is applied as it is, or not at all."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

import pytest
from aerodrome.errors import AerodromeError, UserError
from aerodrome.plan import Change, Plan, apply_targets, make_plan, not_observable, require_same

A, B = Change("one", "update", "a", "differs", after="1"), Change("two", "create", "b", "not there yet")
UNKNOWN = not_observable("two", "everything", "it does not run")
LOST = Change("two", "delete", "volume v", "nobody wants it", "data", kind="volume", name="v")


@dataclass
class Told:
    """A target that tells one list of changes after the other."""

    name: str
    answers: list[tuple[Change, ...]]
    applied: list[Change] = field(default_factory=list)

    def changes(self) -> tuple[Change, ...]:
        """Return the next list; the last one from then on."""
        return self.answers.pop(0) if len(self.answers) > 1 else self.answers[0]

    def apply(self, changes: Sequence[Change], progress: object) -> None:
        """Note what was asked for."""
        self.applied += changes


def plan(*changes: Change) -> Plan:
    """Return a plan of them."""
    return Plan("prod", changes, "c0ffee", {"environment": "1", "tenants/a": "2"})


def same(before: Plan, now: Plan) -> str:
    """Return what is said where the plan *before* is no longer one for *now*."""
    with pytest.raises(UserError) as error:
        require_same(before, now)
    return str(error.value)


def test_a_plan_is_good_while_nothing_moved() -> None:
    """In whatever order changes are told, and at whatever commit that asks for the same."""
    require_same(plan(A, B), replace(plan(B, A), commit="other"))


def test_what_moved_in_the_live_state_is_listed() -> None:
    """What appeared, what vanished, and what is the same thing otherwise."""
    told = same(plan(A, B), plan(replace(A, after="2"), LOST)).splitlines()
    assert told[0].endswith("something changed since it was made:") and told[0].startswith("plan ")
    assert [line.strip() for line in told[1:]] == [
        "~ one: update a (differs)",
        "+ two: delete volume v (nobody wants it)",
        "- two: create b (not there yet)",
        "nothing was changed; make plan ENV=prod shows what a deploy would do now",
    ]


def test_a_long_list_of_what_moved_is_cut() -> None:
    """The rest is counted."""
    many = [replace(A, what=str(number)) for number in range(12)]
    told = same(plan(), plan(*many))
    assert told.count("+ one: update") == 5 and "… and 7 more" in told


def test_a_moved_repository_says_what_asks_for_something_else() -> None:
    """And at which commits."""
    told = same(plan(A), Plan("prod", (A,), "beef", {"environment": "1", "tenants/a": "3", "tenants/b": "4"}))
    assert "the repository asks for something else than when it was made: tenants/a, tenants/b" in told
    assert "was made at c0ffee, here is beef" in told


def test_a_plan_for_another_environment_is_refused() -> None:
    """Though nothing else differs."""
    assert "is one for ENV=prod, not test" in same(plan(A), replace(plan(A), environment="test"))


def test_a_target_that_would_do_more_at_its_turn_stops_the_deploy() -> None:
    """Before it does anything; what was done before is said."""
    one, two = Told("one", [(A,)]), Told("two", [(B,), (B, LOST)])
    made = make_plan("prod", (one, two))
    with pytest.raises(AerodromeError) as error:
        apply_targets("prod", (one, two), lambda *_: None, made)
    assert one.applied == [A] and two.applied == [] and error.value.exit_code == 1
    assert "does not say what 'two' would change now:\n    + two: delete volume v" in str(error.value)
    assert "done before: one" in str(error.value) and "make plan ENV=prod shows what is left" in str(
        error.value
    )


def test_what_an_earlier_target_brought_about_is_not_missed() -> None:
    """Less than the plan says is no reason to stop."""
    one, two = Told("one", [(A,)]), Told("two", [(B,), ()])
    assert apply_targets("prod", (one, two), lambda *_: None, make_plan("prod", (one, two))).changes == (A,)


def test_what_could_not_be_observed_may_be_anything() -> None:
    """Of that target, and of that kind where it says one."""
    one, two = Told("one", [(A,)]), Told("two", [(UNKNOWN,), (B,)])
    assert apply_targets("prod", (one, two), lambda *_: None, plan(A, UNKNOWN)).changes == (A,)
    two = Told("two", [(B,)])
    assert apply_targets("prod", (two,), lambda *_: None, plan(UNKNOWN)).changes == (B,)
    for known in (replace(UNKNOWN, target="one"), replace(UNKNOWN, kind="volume")):
        with pytest.raises(AerodromeError, match="does not say what 'two' would change"):
            apply_targets("prod", (Told("two", [(B,)]),), lambda *_: None, plan(known))


def test_what_nobody_could_foresee_destroys_nothing_unconfirmed() -> None:
    """Its name must have been said."""
    two = Told("two", [(LOST,)])
    with pytest.raises(AerodromeError, match="'two' would destroy v, which could not be observed"):
        apply_targets("prod", (two,), lambda *_: None, plan(UNKNOWN))
    assert two.applied == []
    apply_targets("prod", (two,), lambda *_: None, plan(UNKNOWN), {"v"})
    assert two.applied == [LOST]
