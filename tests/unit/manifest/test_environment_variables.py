"""The names in `env` that the loader accepts are those that the launcher sets."""

from __future__ import annotations

from typing import Any

import pytest
from aerodrome.names import is_environment_variable
from aerodrome_airflow.launcher.jobs import BadJobError, Job, decode, encode
from hypothesis import given
from hypothesis import strategies as st

from common_plugins.catalogue import entries

EXAMPLES = ["A", "_", "a1", "A_B", "", "1A", "A-B", "A.B", "A=B", "A B", "Ä", "A\n", "\u0130", "A\0"]
CALL = "function: flights.jobs:clean"
SAID = "cannot name an environment variable\n    use letters, digits and '_', and no digit first"


def launched(name: str) -> bool:
    """Return whether the launcher takes a job with this variable."""
    try:
        decode(encode(Job("flights", "call", environment={name: "x"})))
    except BadJobError:
        return False
    return True


@given(st.sampled_from(EXAMPLES) | st.text(st.sampled_from("aZ_0=-. \n\0Äª٣"), max_size=4))
def test_the_loader_accepts_what_the_launcher_accepts(name: str) -> None:
    """Two programs that share no code say the same rule."""
    assert is_environment_variable(name) is launched(name)


@pytest.mark.parametrize(
    ("section", "said"),
    [
        (f"with: {{{CALL}, env: {{B: x, →1A: x}}}}", f"with.env.1A: '1A' {SAID}"),
        (f"with: {{{CALL}}}, expand: {{env: [{{B: x}}, {{→B C: x}}]}}", f"expand.env[1].B C: 'B C' {SAID}"),
    ],
)
def test_the_place_of_a_bad_name_is_told(repository: Any, section: str, said: str) -> None:
    """In one task and in mapped ones."""
    found, place = repository.marked(f"dag_id: daily\ntasks:\n- {{id: a, uses: python.call, {section}}}\n")
    assert found == [f"{place}tasks.a.{said}"]


def test_every_environment_is_known_as_one() -> None:
    """A parameter that ends in the environment of a job is looked at."""
    kinds = {entry.kind_of("env") for entry in entries().values() if "env" in entry.model_fields}
    assert kinds == {"environment"}
