"""The command line: `aerodrome`, which every Makefile target calls."""

from __future__ import annotations

import sys

INTERRUPTED = 130


def main() -> None:
    """Run the command line; a mistake, or Ctrl-C at any time, ends in a message, never in a traceback."""
    try:
        # Loading the commands takes a moment, in which somebody may change their mind as well.
        from aerodrome.cli.program import run

        run()
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)  # noqa: T201 - nothing else may be loaded yet
        sys.exit(INTERRUPTED)
