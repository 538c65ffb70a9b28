"""What spark-submit is told, kept off its command line."""

from __future__ import annotations

from collections.abc import Sequence

_ESCAPES = str.maketrans(
    {
        "\\": "\\\\",
        "\n": "\\n",
        "\r": "\\r",
        "\t": "\\t",
        "\f": "\\f",
        **{sign: f"\\{sign}" for sign in "=: #!"},
    }
)


def split_conf(options: Sequence[str]) -> tuple[list[str], dict[str, str]]:
    """Return *options* without each `--conf key=value`, and what those say; the last of a key counts."""
    rest, conf = [], {}
    remaining = iter(options)
    for option in remaining:
        if option == "--conf":
            key, _, value = next(remaining, "").partition("=")
            conf[key] = value
        else:
            rest.append(option)
    return rest, conf


def properties(conf: dict[str, str]) -> str:
    """Return *conf* as a file of Java properties."""
    return "".join(f"{_escaped(key)}={_escaped(value)}\n" for key, value in conf.items())


def _escaped(text: str) -> str:
    return text.translate(_ESCAPES)
