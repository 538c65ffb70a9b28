"""Whether a program of an attack was run at all: one that never began, or broke off, proves nothing."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

BEGAN = "the-attack-has-begun"
# bash's own: it has found a command that it may not run, or none.
_NOT_RUN = (126, 127)


@dataclass(frozen=True)
class Output:
    """What a program of a tenant wrote: its first lines and all characters; why it was ended, and its result."""

    text: str
    problem: str
    size: int = 0
    result: Any = None


def marked(script: str) -> str:
    """Return *script*, which tells that it has begun before it does anything else."""
    return f"echo {BEGAN}\n{script}"


def script(output: Output, may_end: str) -> Output:
    """Return the *output* of a marked script without its mark; AssertionError where it was not run.

    Its last command may fail. *may_end*: the words by which the platform may have ended it; empty: not at all.
    """
    mark, _, text = output.text.partition("\n")
    assert mark == BEGAN, (
        f"the program of the attack has not begun: {output.problem or repr(output.text[:500])}"
    )
    require_end(output, may_end)
    code = _exit_code(output)
    assert code not in _NOT_RUN, f"a command of the attack cannot be run (exit code {code}): {text[-500:]}"
    return replace(output, text=text, size=max(output.size - len(BEGAN), 0))


def python(output: Output, may_end: str) -> str:
    """Return what a marked program of Python printed; AssertionError where it was not run to its own end."""
    found = script(output, may_end)
    assert found.problem or not _exit_code(found), (
        f"the program of the attack broke off: {found.text[-1000:]}"
    )
    return found.text


def require_end(output: Output, *may_end: str) -> None:
    """AssertionError where the platform has refused or ended a job by words with none of *may_end* in them."""
    expected = not output.problem or any(words and words in output.problem for words in may_end)
    assert expected, f"the attack's job was refused or ended for another reason: {output.problem}"


def _exit_code(output: Output) -> int:
    return int(output.result["exit_code"]) if output.result else 0
