"""A result that is no JSON is stored as it is, or not at all: one that holds a secret of the task is refused."""

from __future__ import annotations

import base64
import os
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas
import pyarrow
import pytest
from aerodrome_airflow.secrets import scrub
from aerodrome_airflow.secrets.search import BLOCK, Search, SecretFoundError
from aerodrome_airflow.xcom.backend import TenantXCom
from aerodrome_airflow.xcom.errors import RefusedError
from aerodrome_airflow.xcom.streams import Streamed
from airflow.sdk._shared.secrets_masker import _secrets_masker
from hypothesis import given, settings
from hypothesis import strategies as st

SECRET, SHORT = "s3cret/p\u00e4ss w0rd", "brief-1"
BYTES = SECRET.encode()
PADDING = b"nothing of interest " * 20_000
Make = Callable[[bytes], Any]


@pytest.fixture(autouse=True)
def read() -> Iterator[None]:
    """A task that has read two secrets."""
    scrub.install()
    for secret in (SECRET, SHORT):
        _secrets_masker().add_mask(secret)
    yield
    _secrets_masker().reset_masker()


def stored(value: Any) -> Any:
    """Return what the database keeps of *value*."""
    return TenantXCom.serialize_value(
        value, key="return_value", dag_id="alpha.daily", task_id="t", run_id="r"
    )


def _cut(content: bytes) -> Streamed:
    middle = content.index(BYTES[:6]) + 3 if BYTES[:6] in content else 3
    return Streamed([content[:middle], content[middle:]])


def _used_again(content: bytes) -> Streamed:
    def pieces() -> Iterator[Any]:
        buffer = bytearray(BLOCK)
        for piece in (content, *[b"x" * BLOCK] * 8):
            buffer[: len(piece)] = piece
            yield buffer

    return Streamed(pieces())


RESULTS: dict[str, Make] = {
    "bytes": lambda text: b"before " + text + b" after",
    "a view": lambda text: memoryview(bytearray(text)),
    "many bytes": lambda text: PADDING + text + PADDING,
    "a stream": lambda text: Streamed([b"a", text, b"b"]),
    "a stream, cut": _cut,
    "a long stream": lambda text: Streamed([PADDING] * 12 + [text] + [PADDING] * 12),
    "the end of a long stream": lambda text: Streamed([PADDING] * 24 + [text]),
    "a stream, cut between blocks": lambda text: Streamed([b"x" * (BLOCK - 3) + text, b"x" * 3 * BLOCK]),
    "a buffer used again": _used_again,
    "a column": lambda text: pandas.DataFrame({"a": ["x", text.decode(), None]}),
    "a column among many": lambda text: pandas.DataFrame({"a": ["x"] * 300_000 + [text.decode()]}),
    "a category": lambda text: pandas.DataFrame({"a": pandas.Categorical([text.decode(), "x"])}),
    "a column's name": lambda text: pandas.DataFrame({text.decode(): [1]}),
    "an index": lambda text: pandas.DataFrame({"a": [1]}, index=[text.decode()]),
    "a list": lambda text: pyarrow.table({"a": [["x"], [text.decode()]]}),
    "a binary column": lambda text: pyarrow.table({"a": [b"x" + text]}),
    "metadata": lambda text: pyarrow.table({"a": [1]}).replace_schema_metadata({"note": text}),
}
FORMS = {
    "plain": BYTES,
    "base64": base64.b64encode(BYTES),
    "inside base64": base64.b64encode(b"me:" + BYTES + b"@host"),
    "of a URL": quote(SECRET, safe="").encode(),
}


@pytest.mark.parametrize("make", RESULTS.values(), ids=list(RESULTS))
def test_a_result_with_a_secret_is_refused(make: Make, configured: Path) -> None:
    """Nothing of it is left in the store; the error does not repeat it. Without the secret it is stored."""
    for form in FORMS.values():
        with pytest.raises(RefusedError, match="holds a secret") as refusal:
            stored(make(form))
        assert SECRET not in str(refusal.value)
    assert not any(path.is_file() for path in configured.rglob("*"))
    assert stored(make(b"harmless text"))


def test_a_short_secret_is_hidden_in_json_alone(configured: Path) -> None:
    """In a file of random bytes, or a column of words, it would stand by chance."""
    assert stored({"a": SHORT}) == {"a": "***"}
    assert stored(SHORT.encode())


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_no_place_and_no_cut_hides_a_secret(data: st.DataObject) -> None:
    """Anywhere in content of several blocks, cut into pieces anywhere."""
    size = data.draw(st.sampled_from([100, 70_000, 200_000, BLOCK + 100, 3 * BLOCK]))
    content = bytearray(random.Random(size).randbytes(size))
    near = [0, size - len(BYTES), BLOCK - 5, BLOCK - len(BYTES), size // 2]
    start = data.draw(st.sampled_from([place for place in near if 0 <= place <= size - len(BYTES)]))
    content[start : start + len(BYTES)] = BYTES
    cuts = sorted([*data.draw(st.lists(st.integers(0, size), max_size=4)), start + 2])
    search = Search(scrub.known())
    with pytest.raises(SecretFoundError):
        for begin, end in zip([0, *cuts], [*cuts, size], strict=True):
            search.feed([bytes(content[begin:end])])


@settings(max_examples=150, deadline=None)
@given(st.data())
def test_secrets_of_any_length_are_found_where_they_are_and_nowhere_else(data: st.DataObject) -> None:
    """Shorter and longer ones together, at the beginning, between two words of a processor, and at the very end."""
    lengths = data.draw(st.lists(st.integers(8, 70), min_size=1, max_size=4))
    chance = random.Random(data.draw(st.integers(0, 1000)))
    forms = [chance.randbytes(length) for length in lengths]
    content = bytearray(chance.randbytes(data.draw(st.sampled_from([70_000, BLOCK + 13]))))
    Search(forms).feed([bytes(content)])
    form = data.draw(st.sampled_from(forms))
    last = len(content) - len(form)
    start = data.draw(st.integers(0, 70) | st.integers(last - 70, last) | st.integers(0, last))
    content[start : start + len(form)] = form
    with pytest.raises(SecretFoundError):
        Search(forms).feed([bytes(content)])


def test_a_task_that_read_nothing_looks_for_nothing() -> None:
    """And holds nothing back."""
    search = Search([])
    search.feed([os.urandom(1000)])
    assert not search and not search._end


def test_many_large_keys_are_looked_for(configured: Path) -> None:
    """Hundreds of forms, some of them kilobytes long."""
    lines = "\n".join(base64.b64encode(os.urandom(48)).decode() for _ in range(40))
    for number in range(2):
        _secrets_masker().add_mask(f"-----BEGIN KEY-----\n{number}{lines}\n-----END KEY-----\n")
    assert len(scrub.known()) > 200
    with pytest.raises(RefusedError):
        stored(Streamed([PADDING, lines.encode(), PADDING]))
    assert stored(Streamed([PADDING] * 3))
