"""Templates are rendered only where text holds one, and see only what the loader allows them to name.

The loader refuses a manifest whose templates say more; here nothing more is there to be named.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from types import SimpleNamespace
from typing import Any

from airflow.sdk.exceptions import AirflowFailException
from jinja2 import StrictUndefined, Undefined
from jinja2.exceptions import SecurityError
from jinja2.sandbox import ImmutableSandboxedEnvironment

from aerodrome_airflow.rendering_time import RenderingTime
from aerodrome_airflow.template_words import FILTERS, MACROS, METHODS, NAMES, TENANT, TESTS

ATTEMPT = "try_number"
DELIMITERS = ("{{", "{%", "{#")
LONGEST = 4 * 1024 * 1024
"""Characters of a rendered template: a few short words in a loop make gigabytes."""
_CALLABLE = METHODS | MACROS


def holds_template(text: str) -> bool:
    """Return whether Jinja would see anything but plain text in *text*."""
    return any(delimiter in text for delimiter in DELIMITERS)


class PlainTextMixin:
    """An operator whose text without a template is left untouched; stands before the operator's own class.

    Jinja would drop a last line end and make every line end the same; and Airflow would take text that ends
    like a file name for a file of templates.
    """

    template_ext: Sequence[str] = ()

    def render_template(
        self, content: Any, context: Any, jinja_env: Any = None, seen_oids: set[int] | None = None
    ) -> Any:
        """Return *content* with its templates rendered and its references resolved."""
        if isinstance(content, str):
            # What another task returned is no template, whatever it looks like.
            is_result = seen_oids is not None and id(content) in seen_oids
            if is_result or not holds_template(content):
                return content
            # Airflow's own environment has more than the loader allows: of it only the tenant's values are taken.
            environment = jinja_env or self.get_template_env()  # type: ignore[attr-defined]
            with self._rendering_time().running():
                return render(content, context, environment.globals.get(TENANT))
        if not _is_container(content):
            return content
        # Containers come back here, item by item.
        return _whole(super().render_template(content, context, jinja_env, seen_oids))  # type: ignore[misc]

    def _rendering_time(self) -> RenderingTime:
        # One for all texts of the task: many of them could otherwise take as many times as long.
        return vars(self).setdefault("_time_for_rendering", RenderingTime())  # type: ignore[no-any-return]


def _is_container(value: Any) -> bool:
    # An object with template fields of its own would be rendered with everything that Airflow knows.
    return isinstance(value, list | tuple | dict) or callable(getattr(value, "resolve", None))


def _whole(value: Any) -> Any:
    """Return the outputs of a mapped task as a list: Airflow hands on a sequence that fetches them one by one."""
    lazy = isinstance(value, Sequence) and not isinstance(value, str | bytes | list | tuple)
    # A slice is one request; going through the sequence would be one for each, and an error logged at its end.
    return list(value[:]) if lazy else value


def render(text: str, context: Mapping[str, Any], tenant: Any) -> str:
    """Return *text* with its templates rendered; *tenant* is what templates call so, None where there is none."""
    pieces: list[str] = []
    length = 0
    for piece in _environment().from_string(text).generate(_names(context, tenant)):
        pieces.append(piece)
        length += len(piece)
        if length > LONGEST:
            raise AirflowFailException(f"a template makes a text of more than {LONGEST:,} characters")
    return "".join(pieces)


def _names(context: Mapping[str, Any], tenant: Any) -> dict[str, Any]:
    names = {name: context[name] for name in NAMES if name in context}
    own = {} if tenant is None else {TENANT: tenant}
    # Airflow has it on the task instance alone, which no template sees.
    attempt = getattr(context.get("ti"), ATTEMPT, None)
    if attempt is not None:
        own[ATTEMPT] = attempt
    return {**names, "macros": _macros(), **own}


@cache
def _macros() -> SimpleNamespace:
    # Airflow's `macros` is a module: the modules that it imports could be reached through it.
    from airflow.sdk.execution_time import macros

    return SimpleNamespace(**{name: getattr(macros, name) for name in MACROS})


@cache
def _environment() -> ImmutableSandboxedEnvironment:
    from airflow.sdk.definitions._internal.templater import FILTERS as DATE_FILTERS

    environment = _Environment(undefined=StrictUndefined, keep_trailing_newline=True)
    environment.globals.clear()
    known = environment.filters | DATE_FILTERS
    environment.filters = {name: known[name] for name in FILTERS}
    environment.tests = {name: environment.tests[name] for name in TESTS}
    return environment


class _Environment(ImmutableSandboxedEnvironment):
    """Without an attribute that begins with an underscore, a call of anything else, or a product.

    Airflow's own sandbox admits one underscore, which is enough to compile and run any Python.
    """

    intercepted_binops = frozenset({"*", "**", "%"})

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:
        raise SecurityError(f"the operator {operator} is not allowed in a template")

    def is_safe_callable(self, obj: Any) -> bool:
        return isinstance(obj, Undefined) or getattr(obj, "__name__", None) in _CALLABLE
