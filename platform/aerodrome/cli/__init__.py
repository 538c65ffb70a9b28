"""The command line: `aerodrome`, which every Makefile target calls."""

from __future__ import annotations

import _thread
import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; a mistake, or Ctrl-C at any time, ends in a message, never in a traceback."""
    sys.unraisablehook = _told_later
    try:
        # Loading the commands takes a moment, in which somebody may change their mind as well.
        from aerodrome.cli.program import run

        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201 - nothing else may be loaded yet
        sys.exit(INTERRUPTED)


def _told_later(dropped: sys.UnraisableHookArgs) -> None:
    """Ctrl-C where Python can only drop an exception (a destructor, the end of an import) is heard a moment later."""
    if dropped.exc_type is KeyboardInterrupt:
        # From another thread, since a signal raised here would be handled, and dropped, here.
        _thread.start_new_thread(_thread.interrupt_main, ())
    else:
        sys.__unraisablehook__(dropped)
