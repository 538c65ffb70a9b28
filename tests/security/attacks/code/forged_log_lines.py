"""A task prints what looks like lines of the log itself, of another time and sender, by all kinds of line ends."""

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

from suite.attack import HELD
from suite.place import Place

FROM = "tenant code in a task"
AGAINST = "task logs"
DEFENCE = "each line of a task is one text within one record that the worker writes"
MUST = HELD
NEEDS = ("platform",)
DAG = "alpha.says"
FORGED = {
    "timestamp": "2001-01-01T00:00:00Z",
    "level": "critical",
    "event": "all is lost",
    "logger": "platform",
}
TEXT = "\n".join(
    f"{end}{json.dumps(FORGED)}"
    for end in ("", "\r", "x\r", "\x0b", "\x0c", "\x1c", "\x85", "\u2028", '"}\r')
)


@contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """A task's lines go to the file as they are."""
    yield replace(place, notes={"as they are": True})


def harmless(place: Place) -> str:
    """Return what a plain line becomes."""
    said = "nothing but a line"
    return ", ".join(str(each["event"]) for each in _records(place, said) if each["event"] == said)


def attack(place: Place) -> str:
    """Return the forged records that readers get."""
    found = _records(place, TEXT)
    assert any(FORGED["event"] in str(each["event"]) for each in found), found
    return ", ".join(
        str(each)
        for each in found
        if "2001" in str(each.get("timestamp")) or each.get("logger") == FORGED["logger"]
    )


def _records(place: Place, text: str) -> list[dict[str, object]]:
    run = place.live.ran(DAG, {"text": text})
    if place.notes.get("as they are"):
        place.live.log_file(DAG, run).write_text(text)
    return place.live.log_records(DAG, run, "say")
