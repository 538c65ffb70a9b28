"""Templates are rendered only where text holds one: everything else arrives byte for byte."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

DELIMITERS = ("{{", "{%", "{#")


def holds_template(text: str) -> bool:
    """Return whether Jinja would see anything but plain text in *text*."""
    return any(delimiter in text for delimiter in DELIMITERS)


class PlainTextMixin:
    """An operator whose text without a template is left untouched; stands before the operator's own class.

    Jinja would drop a last line end and make every line end the same; and Airflow would take text that ends
    like a file name for a file of templates.
    """

    template_ext: Sequence[str] = ()

    def render_template(self, content: Any, *args: Any, **kwargs: Any) -> Any:
        """Return *content* with its templates rendered and its references resolved."""
        if isinstance(content, str) and not holds_template(content):
            return content
        # Containers come back here, item by item.
        return _whole(super().render_template(content, *args, **kwargs))  # type: ignore[misc]


def _whole(value: Any) -> Any:
    """Return the outputs of a mapped task as a list: Airflow hands on a sequence that fetches them one by one."""
    lazy = isinstance(value, Sequence) and not isinstance(value, str | bytes | list | tuple)
    return list(value) if lazy else value
