"""Whether a plan is still one for what there is now, and what has moved. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Mapping, Sequence

from aerodrome.errors import AerodromeError, UserError
from aerodrome.plan.change import OBSERVE, Change
from aerodrome.plan.document import Plan

_LISTED = 5


def require_same(planned: Plan, now: Plan) -> None:
    """Do nothing where *now* is what was planned; UserError with what moved since: the repository, or the state."""
    remedy = f"nothing was changed; make plan ENV={now.environment} shows what a deploy would do now"
    if planned.environment != now.environment:
        raise UserError(
            _told(planned, f"is one for ENV={planned.environment}, not {now.environment}"), remedy
        )
    if moved := _moved(planned.desired, now.desired):
        since = (
            f"was made at {planned.commit or 'an unknown commit'}, here is {now.commit or 'an unknown one'}"
        )
        lines = (f"the repository asks for something else than when it was made: {_few(moved, ', ')}", since)
        raise UserError(_told(planned, *lines), remedy)
    if changed := differences(planned.changes, now.changes):
        raise UserError(_told(planned, "something changed since it was made:", *changed), remedy)


def require_planned(
    planned: Plan, target: str, changes: Sequence[Change], confirmed: Collection[str] = ()
) -> None:
    """Do nothing where *planned* says all *changes* of *target*; AerodromeError with those that it does not say.

    What it says and nothing asks for any more was brought about by an earlier target. What it could not observe may
    be anything, but for what destroys something that is not *confirmed*.
    """
    known = planned.of(target)
    rest = Counter(changes) - Counter(known)
    extra = [change for change in rest if not _was_not_observable(change, known)]
    remedy = f"make plan ENV={planned.environment} shows what is left to do"
    if extra:
        lines = differences([each for each in known if each not in changes], extra, gone=False)
        raise AerodromeError(
            _told(planned, f"does not say what '{target}' would change now:", *lines), remedy
        )
    if unsaid := sorted({change.destroys for change in rest} - {"", *confirmed}):
        found = f"'{target}' would destroy {_few(unsaid, ', ')}, which could not be observed when it was made"
        raise AerodromeError(_told(planned, found), remedy)


def differences(before: Iterable[Change], now: Iterable[Change], *, gone: bool = True) -> list[str]:
    """Return a few lines on what is in one of both alone: new (+), *gone* (-), or the same thing otherwise (~)."""
    lost, new = Counter(before) - Counter(now), Counter(now) - Counter(before)
    by_thing = {_thing(change): change for change in lost}
    both = {_thing(change) for change in new} & by_thing.keys()
    lines = [_line("~" if _thing(each) in both else "+", each) for each in sorted(new)]
    if gone:
        lines += [_line("-", each) for each in sorted(lost) if _thing(each) not in both]
    return [*lines[:_LISTED], *([f"… and {len(lines) - _LISTED} more"] if len(lines) > _LISTED else [])]


def _was_not_observable(change: Change, known: Iterable[Change]) -> bool:
    unknown = (each for each in known if each.action == OBSERVE)
    return any(each.kind in ("", change.kind) for each in unknown)


def _moved(planned: Mapping[str, str], now: Mapping[str, str]) -> list[str]:
    return sorted(part for part in {*planned, *now} if planned.get(part) != now.get(part))


def _thing(change: Change) -> tuple[str, str, str]:
    return change.target, change.what, change.kind


def _line(sign: str, change: Change) -> str:
    return f"{sign} {change.target}: {change.action} {change.what} ({change.why})"


def _few(words: Sequence[str], between: str) -> str:
    more = f" and {len(words) - _LISTED} more" if len(words) > _LISTED else ""
    return between.join(words[:_LISTED]) + more


def _told(planned: Plan, first: str, *lines: str) -> str:
    return "\n    ".join((f"plan {planned.digest[:12]} {first}", *lines))
