"""What differs between the desired policies and roles and the live ones, and putting it right."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import Any

from aerodrome import names
from aerodrome.plan import Action, Change, digest_of, digest_of_text
from aerodrome.progress import Progress
from aerodrome.secrets.layout import (
    KUBERNETES_ROLE,
    LOGIN,
    POLICY,
    TEXT,
    TOKEN_ROLE,
    Key,
    Layout,
    Settings,
    paths_in,
)
from aerodrome.secrets.live import LiveLayout

TARGET = "secrets"
SHOWN = 3
# A role that is gone lets nobody in while its policy is still there, never the other way round.
_ORDER = (POLICY, TOKEN_ROLE, LOGIN, KUBERNETES_ROLE)


def change(action: Action, kind: str, name: str, why: str, *, reversible: bool = True) -> Change:
    """Return a change of what the secrets store holds or lets in."""
    return Change(TARGET, action, f"{kind} {name}".strip(), why, "access", reversible, kind, name)


def differences(wanted: Layout, live: Layout) -> tuple[Change, ...]:
    """Return one change for each policy and role that differs, with what differs; first what takes access away."""
    return (*_gone(wanted, live), *_wrong(wanted, live))


def apply(changes: Sequence[Change], wanted: Layout, live: LiveLayout, progress: Progress) -> None:
    """Do what *changes* say. Safe to interrupt and repeat."""
    for each in changes:
        key = Key(each.kind, each.name)
        progress(f"{each.action} {each.what}")
        if each.action == "delete":
            live.delete(key)
        else:
            live.put(key, wanted.objects[key])


def restore(before: Layout, live: LiveLayout, progress: Progress) -> None:
    """Bring back all that was *before*, as a server told it, and nothing else.

    Which hosts were let in or shut out since then stays: that is no part of what is taken back.
    """
    now = live.read()
    for each in differences(before, now):
        key = Key(each.kind, each.name)
        if each.action != "update" and names.is_host_role(live.environment.name, each.name):
            continue
        progress(f"{each.action} {each.what}")
        if each.action == "delete":
            live.delete(key)
            continue
        there = now.objects.get(key, {})
        # A server tells settings that it takes only when an object is made.
        live.put(
            key, {name: value for name, value in before.objects[key].items() if there.get(name) != value}
        )


def _gone(wanted: Layout, live: Layout) -> Iterator[Change]:
    for kind in reversed(_ORDER):
        for name in sorted(live.of(kind).keys() - wanted.of(kind).keys()):
            before = _shown(kind, live.of(kind)[name])
            yield replace(change("delete", kind, name, "no tenant or zone needs it"), before=before)


def _wrong(wanted: Layout, live: Layout) -> Iterator[Change]:
    for kind in _ORDER:
        there = live.of(kind)
        for name, settings in sorted(wanted.of(kind).items()):
            after = _shown(kind, settings)
            if name not in there:
                yield replace(change("create", kind, name, "not there yet"), after=after)
            elif why := _difference(kind, settings, there[name]):
                before = _shown(kind, {key: there[name].get(key) for key in settings})
                yield replace(change("update", kind, name, why), before=before, after=after)


def _shown(kind: str, settings: Settings) -> str:
    # A server gives lists in whatever order it pleases.
    told = {key: sorted(map(str, each)) if isinstance(each, list) else each for key, each in settings.items()}
    return digest_of_text(str(settings[TEXT]).strip()) if kind == POLICY else digest_of(told)


def _difference(kind: str, wanted: Settings, live: Settings) -> str:
    if kind == POLICY:
        return _policy_difference(str(wanted[TEXT]), str(live[TEXT]))
    return listed(
        [
            f"{key} is {_said(live.get(key))}, not {_said(value)}"
            for key, value in wanted.items()
            if not _same(value, live.get(key))
        ]
    )


def _policy_difference(wanted: str, live: str) -> str:
    if wanted.strip() == live.strip():
        return ""
    lost, added = paths_in(wanted) - paths_in(live), paths_in(live) - paths_in(wanted)
    told = [f"allows {path}, which it should not" for path in sorted(added)]
    told += [f"lacks {path}" for path in sorted(lost)]
    return listed(told) or "allows something else on the same paths"


def _same(wanted: Any, live: Any) -> bool:
    # What is not set is null, 0, false or empty, as the setting and the server's version please.
    if not wanted and not live:
        return True
    return sorted(wanted) == sorted(live or ()) if isinstance(wanted, list) else bool(wanted == live)


def _said(value: Any) -> str:
    return (
        ", ".join(map(str, value)) or "empty"
        if isinstance(value, list)
        else "not set"
        if value is None
        else str(value)
    )


def listed(told: list[str]) -> str:
    """Return the first few of *told* as one text, and how many more there are."""
    more = f"; and {len(told) - SHOWN} more" if len(told) > SHOWN else ""
    return "; ".join(told[:SHOWN]) + more
