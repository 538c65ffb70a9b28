"""A task prints what commands a terminal: it clears the screen, sets the title, and overwrites what stands there."""

import contextlib
import io
from collections.abc import Callable, Iterator

from aerodrome.cli import program, show
from aerodrome_airflow import screen
from suite.attack import HELD
from suite.place import Place
from suite.weakened import replaced

FROM = "tenant code in a task"
AGAINST = "terminals of people who read logs"
DEFENCE = "what would command a terminal is shown and not obeyed: by `make run`, `make logs` and in errors"
MUST = HELD
NEEDS = ()
TEXT = "before \x1b[2J\x1b]0;title\x07 \x9b2J \u202e after\rover it\b"
COMMANDS = frozenset("\x1b\x07\x9b\u202e\r\b")


@contextlib.contextmanager
def undefended(place: Place) -> Iterator[Place]:
    """Text is printed as it came."""
    with contextlib.ExitStack() as stack:
        for module in (program, show, screen):
            stack.enter_context(replaced(module, "visible", lambda text: text))
        yield place


def harmless(place: Place) -> str:
    """Return what becomes of a plain text."""
    return _printed(lambda: screen.Screen().line("plain"))


def attack(place: Place) -> str:
    """Return the ways by which a command reaches the terminal."""
    ways: dict[str, Callable[[], object]] = {
        "make run": lambda: screen.Screen().line(TEXT),
        "make logs": lambda: show.line(TEXT),
        "an error": lambda: program._refuse(TEXT, 2),
    }
    return ", ".join(name for name, way in ways.items() if COMMANDS & set(_printed(way)))


def _printed(way: Callable[[], object]) -> str:
    sink = io.StringIO()
    with contextlib.redirect_stdout(sink), contextlib.redirect_stderr(sink), contextlib.suppress(SystemExit):
        way()
    return sink.getvalue()
