"""What goes wrong, told the same way everywhere: where, what, how to mend it."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass

USER_MISTAKE = 2
PLATFORM_FAULT = 1


@dataclass(frozen=True, order=True)
class Problem:
    """One mistake, placed: *file* is relative to the repository, *line* and *column* start at 1 (0: unknown)."""

    file: str
    line: int
    column: int
    field: str
    message: str
    remedy: str = ""
    fault: bool = False
    """Of the machine, the network or the platform: nothing that a user wrote is wrong."""

    def __str__(self) -> str:
        place = ":".join(str(part) for part in (self.file, self.line, self.column) if part)
        field = f"{self.field}: " if self.field else ""
        return f"{place}: {field}{self.message}" + (f"\n    {self.remedy}" if self.remedy else "")


class AerodromeError(Exception):
    """A failure whose text is meant for the person at the keyboard; *remedy* says what to do next."""

    exit_code = PLATFORM_FAULT

    def __init__(self, message: str, remedy: str = "") -> None:
        super().__init__(message)
        self.remedy = remedy

    def __str__(self) -> str:
        message = super().__str__()
        return f"{message}\n    {self.remedy}" if self.remedy else message


class HeldError(AerodromeError):
    """Somebody else works on the same thing at this moment."""


class UserError(AerodromeError):
    """The user's mistake: exit code 2."""

    exit_code = USER_MISTAKE


class ProblemsFound(UserError):
    """Every mistake of one run, sorted by file and line; exit code 1 where none of them is a user's."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(sorted(set(problems)))
        if self.problems and all(problem.fault for problem in self.problems):
            self.exit_code = PLATFORM_FAULT
        super().__init__("\n".join(str(problem) for problem in self.problems))


def of_machine(error: OSError) -> str:
    """Return what the operating system refused, as place and reason: they say all there is to say."""
    return f"{error.filename or 'the machine'}: {error.strerror or error}"


def counted(number: int, what: str) -> str:
    """Return "1 DAG", "2 DAGs": *number* and the word for so many."""
    return f"{number} {what}{'' if number == 1 else 's'}"


def did_you_mean(word: str, allowed: Iterable[str]) -> str:
    """Return "did you mean 'x'?" for the nearest allowed word, or all allowed words where none is near."""
    choices = sorted(allowed)
    near = difflib.get_close_matches(word, choices, n=1, cutoff=0.6)
    if near:
        return f"did you mean '{near[0]}'?"
    return f"allowed: {', '.join(choices)}" if choices else "none is allowed here"
