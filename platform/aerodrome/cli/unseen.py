"""What somebody gives without it being shown: typed on a terminal, or on standard input."""

from __future__ import annotations

import getpass
import sys
import warnings

from aerodrome.cli import show
from aerodrome.errors import UserError

LARGEST = 64 * 2**10


def standard_input() -> str:
    """Return the text on standard input; UserError where it is too long or no text."""
    content = sys.stdin.buffer.read(LARGEST + 1)
    if len(content) > LARGEST:
        raise UserError(f"standard input has more than {LARGEST} bytes", "no secret is that large")
    try:
        return content.decode()
    except UnicodeDecodeError:
        raise UserError("standard input is no UTF-8", "nothing was written") from None


def asked(prompt: str, instead: str = "give JSON on standard input") -> str:
    """Return what somebody types after *prompt*; UserError, with what to do *instead*, where it would be shown."""
    with warnings.catch_warnings():
        # It would go on and show what is typed.
        warnings.simplefilter("error", getpass.GetPassWarning)
        try:
            return getpass.getpass(prompt)
        except getpass.GetPassWarning:
            raise UserError("this terminal cannot hide what is typed", instead) from None
        except KeyboardInterrupt:
            show.line("\ninterrupted: nothing was written")
            raise
        except EOFError:
            raise UserError("the input ended", "nothing was written") from None
