"""A secret is hidden in every form that it takes on its way into a log."""

from __future__ import annotations

import base64
import json
import re
import urllib.parse
from collections.abc import Callable, Iterator

import pytest
from aerodrome_airflow.secrets import scrub
from aerodrome_airflow.secrets.forms import forms
from aerodrome_airflow.secrets.parts import is_secret_name, secrets_in
from airflow.sdk._shared.secrets_masker import _secrets_masker
from hypothesis import given
from hypothesis import strategies as st

KEY = (
    "-----BEGIN KEY-----\n"
    + "\n".join(f"MIIEvQ{number}IBADANBg+kqh/kiG9w0BA{number}" for number in range(9))
    + "\n"
)
SECRETS = st.text(
    st.characters(codec="utf-8", exclude_categories=["Cc", "Zl", "Zp"]), min_size=12, max_size=60
)


def hidden(secret: str, text: str) -> str:
    """Return *text* as Airflow's masker leaves it."""
    masker = _secrets_masker()
    masker.reset_masker()
    masker.add_mask(secret)
    return str(masker.redact(text))


@pytest.fixture(scope="module", autouse=True)
def masker() -> Iterator[None]:
    """Airflow's own, as a worker has it."""
    masker, before = _secrets_masker(), dict(vars(_secrets_masker()))
    scrub.install()
    yield
    vars(masker).clear()
    vars(masker).update(before)


@given(SECRETS, st.binary(max_size=9), st.binary(max_size=9))
def test_base64_of_something_around_it_is_hidden(secret: str, before: bytes, after: bytes) -> None:
    """`login:password`, a whole file, a JSON document: of the secret's own characters at most two at each end stay."""
    content = secret.encode()
    for encode in (base64.b64encode, base64.urlsafe_b64encode):
        whole = encode(before + content + after).decode()
        first, last = -(-len(before) * 8 // 6), (len(before) + len(content)) * 8 // 6
        assert whole[first + 2 : last - 2] not in hidden(secret, whole)


@pytest.mark.parametrize(
    "form",
    [
        lambda text: text,
        lambda text: base64.b64encode(text.encode()).decode(),
        lambda text: base64.b64encode(f"{text}\n".encode()).decode(),
        lambda text: base64.urlsafe_b64encode(text.encode()).decode().rstrip("="),
        urllib.parse.quote,
        lambda text: urllib.parse.quote(text, safe=""),
        lambda text: re.sub("%..", lambda found: found[0].lower(), urllib.parse.quote(text, safe="")),
        urllib.parse.quote_plus,
        lambda text: json.dumps(text)[1:-1],
        lambda text: json.dumps(text, ensure_ascii=False)[1:-1],
        lambda text: repr(text)[1:-1],
    ],
)  # fmt: skip
@pytest.mark.parametrize("secret", ["correct horse+battery/staple", 'p"ä\\ss?wörd&x=1', "a1b2c3d4", KEY])
def test_a_form_is_hidden_whole(secret: str, form: Callable[[str], str]) -> None:
    """Nothing of it stays but what fills up the end of base64."""
    assert re.fullmatch(
        r"log: \*\*\*([=\w]{0,2}=*|\n|\\n|%0[Aa])? end", hidden(secret, f"log: {form(secret)} end")
    ), form(secret)


def test_each_line_of_a_key_is_hidden() -> None:
    """A log has it line by line, with something before each."""
    lines = [hidden(KEY, f"[job] {line}") for line in KEY.splitlines()]
    assert lines == ["[job] ***"] * len(KEY.splitlines())


@pytest.mark.parametrize("width", [64, 76])
def test_wrapped_base64_is_hidden(width: int) -> None:
    """As `base64` and `openssl` write it."""
    encoded = base64.b64encode(KEY.encode()).decode()
    lines = [encoded[start : start + width] for start in range(0, len(encoded), width)]
    assert [line for line in lines[:-1] if hidden(KEY, line) != "***"] == []


@given(st.text(max_size=7))
def test_a_form_is_never_short(secret: str) -> None:
    """Three characters of base64 would be found in every text."""
    assert all(len(form) >= 8 for form in forms(secret))


def test_what_of_a_connection_is_secret() -> None:
    """The password, and of the extra what is called so, however deep, also in JSON within JSON."""
    extra = {
        "sslmode": "require", "region_name": "eu-central-1", "aws_secret_access_key": "extra-1", "timeout": 30,
        "nested": {"apiToken": "extra-2", "list": [{"client_secret": "extra-3"}]},
        "keyfile_dict": json.dumps({"type": "service_account", "private_key": "extra-4\nline"}),
        "headers": {"Authorization": "Bearer extra-5"}, "url": "https://me:extra%2F6@example.org",
        "connection_string": "Endpoint=sb://x;SharedAccessKey=extra-7", "pin_token": 123456,
    }  # fmt: skip
    found = secrets_in("connection", {"password": "the password", "login": "me", "host": "h", "extra": extra})
    expected = {"the password", "extra-1", "extra-2", "extra-3", "extra-4\nline", "Bearer extra-5", "extra-5",
                "extra%2F6", "extra/6", "extra-7", "123456"}  # fmt: skip
    assert expected <= set(found)
    assert not {"require", "eu-central-1", "me", "h", "30"} & set(found)


def test_an_extra_may_be_a_text() -> None:
    """As Airflow writes it."""
    assert secrets_in("connection", {"extra": '{"token": "from-text"}'}) == ["from-text"]
    assert secrets_in("connection", {"extra": "no json"}) == []


def test_a_variable_is_secret_with_all_its_texts() -> None:
    """One that is JSON is also used part by part."""
    text = json.dumps({"user": "somebody-long", "more": [{"key": "part-of-it"}], "n": 1})
    assert secrets_in("variable", {"value": text}) == [text, "somebody-long", "part-of-it"]


@pytest.mark.parametrize(
    "name", ["ssh_key", "apiToken", "API_KEY", "x-api-key", "passwd", "client.secret", "accessKeyId"]
)
def test_names_of_secrets(name: str) -> None:
    """In every spelling."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", ["keyspace", "monkey", "region", "host", "sslmode", "passive", "author"])
def test_names_of_other_things(name: str) -> None:
    """A word within a word is none."""
    assert not is_secret_name(name)
