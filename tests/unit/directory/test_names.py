"""Names of people that are taken, names that are not, and the many spellings of a distinguished name."""

from __future__ import annotations

import pytest
from aerodrome_airflow.directory.dn import parse
from aerodrome_airflow.directory.entry import LONGEST_NAME, why_odd
from hypothesis import given
from hypothesis import strategies as st
from ldap3.utils.dn import escape_rdn

VALUES = st.text(st.characters(blacklist_categories=["Cs"]), min_size=1, max_size=8).filter(str.strip)
BASE = "ou=people,dc=example,dc=org"


@pytest.mark.parametrize(
    "name", ["jo", "Jo.Doe-2", "jo@example.org", "o'neil", "müller", "strauß", "žižek", "łukasz"]
)
def test_ordinary_names_are_taken(name: str) -> None:
    """Also those of most of Europe."""
    assert why_odd(name) == ""


@pytest.mark.parametrize(
    "name",
    [
        "",
        " ",
        "a b",
        "jo\n",
        "jo\0",
        "\u202ejo",
        "j\u043e",
        "\uff4ao",
        "jo\u200b",
        "\u212aarl",
        "\u0130nci",
        "j\u0131m",
        "*",
        "a/b",
    ],
)
def test_odd_names_are_not_taken(name: str) -> None:
    """Empty, with blanks or control characters, invisible ones, and letters that look like others."""
    assert why_odd(name)


def test_a_name_longer_than_fabs_column_is_not_taken() -> None:
    """With room for an address that is made of it."""
    assert why_odd("x" * LONGEST_NAME) == ""
    assert why_odd("x" * (LONGEST_NAME + 1))


@pytest.mark.parametrize(
    "spelling",
    [
        r"CN=Doe\, Jane,OU=people,DC=example,DC=org",
        r"cn=doe\2c  jane , ou=People, dc=EXAMPLE,dc=org",
        r"cn=\64oe\2C jane;ou=people;dc=example;dc=org",
    ],
)
def test_spellings_of_one_name_are_the_same_name(spelling: str) -> None:
    """Case, blanks, escapes."""
    plain, found = parse(rf"cn=Doe\, Jane,{BASE}"), parse(spelling)
    assert (
        plain and found and found.key == plain.key and found.first[0][1].lower().split() == ["doe,", "jane"]
    )


@pytest.mark.parametrize("text", ["", "jo", "cn=a,", "cn=a+", 'cn="a,b",dc=x', "=a", "cn=a\\", "cn=a,,dc=x"])
def test_what_is_no_distinguished_name_is_none(text: str) -> None:
    """It is then nobody's."""
    assert parse(text) is None


@given(VALUES)
def test_an_escaped_value_is_read_back(value: str) -> None:
    """As ldap3 escapes it; blanks at the ends count for nothing."""
    found = parse(f"uid={escape_rdn(value)},{BASE}")
    base = parse(BASE)
    assert found and base and found.within(base) and not base.within(found)
    assert found.first == (("uid", value.strip()),)


def test_several_attributes_have_no_order() -> None:
    """A name may begin with two of them."""
    one, other = parse(f"cn=a+uid=b,{BASE}"), parse(f"UID=b + CN=A,{BASE}")
    assert one and other and one.key == other.key


def test_a_unique_members_number_is_no_part_of_the_name() -> None:
    """uniqueMember may have one."""
    one, other = parse(f"uid=jo,{BASE}"), parse(f"uid=jo,{BASE}#'0101'B")
    assert one and other and one.key == other.key
