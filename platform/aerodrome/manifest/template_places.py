"""Templates in the parameters of a task, their mistakes placed in the file that holds the text."""

from __future__ import annotations

import re

from aerodrome.manifest.dag import AllAssets, AnyAsset
from aerodrome.manifest.draft import Draft
from aerodrome.manifest.templates import Finding, is_template, mistakes
from aerodrome.source.place import Path

_OPENER = re.compile(r"\{[{%#]")


def check_text(draft: Draft, path: Path, text: str) -> None:
    """Report what is wrong with the template *text*, which stands at *path*."""
    if not is_template(text):
        return
    tenant = draft.around.tenant
    dated = not isinstance(draft.model.schedule, AllAssets | AnyAsset)
    for finding in mistakes(text, _params(draft), tenant.values if tenant else None, dated=dated):
        file, *place = _place(draft, path, finding)
        draft.report.placed(file, (place[0], place[1]), path, finding.message, finding.remedy)


def _params(draft: Draft) -> frozenset[str]:
    said = draft.report.data.get("params")
    return frozenset(said) if isinstance(said, dict) else frozenset()


def _place(draft: Draft, path: Path, finding: Finding) -> tuple[str, int, int]:
    included = draft.inclusions.files.get(path)
    if included is not None:
        lines = _lines(included.text)
        line = min(finding.line, len(lines))
        return included.file, *_find(lines, range(line, line + 1), finding, line, 1)
    place = draft.report.positions.nearest(path)
    lines = _lines(draft.document.text)
    last = min(place.last_line, len(lines))
    first = min(_first_line(lines, place.line, place.column, finding), last)
    return draft.report.file, *_find(lines, range(first, last + 1), finding, place.line, place.column)


def _first_line(lines: list[str], line: int, column: int, finding: Finding) -> int:
    # In a literal block each line of the text is a line of the file.
    literal = lines[line - 1][column - 1 : column] == "|" if line <= len(lines) else False
    return line + finding.line if literal else line


def _find(lines: list[str], where: range, finding: Finding, line: int, column: int) -> tuple[int, int]:
    """Return where the word at fault stands, or else the nearest template, or else *line* and *column*."""
    for number in where:
        opener = _OPENER.search(lines[number - 1], column - 1 if number == line else 0)
        if opener and finding.snippet and (found := _word(lines[number - 1], finding.snippet, opener.end())):
            return number, found
    for number in (*where, *range(where.start - 1, line - 1, -1)):
        if opener := _OPENER.search(lines[number - 1], column - 1 if number == line else 0):
            return number, opener.start() + 1
    return line, column


def _word(line: str, snippet: str, start: int) -> int:
    word = re.compile(rf"(?<!\w){re.escape(snippet)}(?!\w)" if snippet[:1].isalnum() else re.escape(snippet))
    found = word.search(line, start)
    return found.start() + 1 if found else 0


def _lines(text: str) -> list[str]:
    return re.split(r"\r\n|\r|\n", text)
