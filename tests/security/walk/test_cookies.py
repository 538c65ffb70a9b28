"""Which cookies a browser sends with the request of another site's page."""

from __future__ import annotations

import httpx
import pytest
from suite.browsers import stays_on_its_site


@pytest.mark.parametrize(
    ("attribute", "stays"),
    [
        ("; SameSite=Lax", True),
        ("; SameSite=Strict", True),
        ("; samesite=lax", True),
        ("; SameSite=None; Secure", False),
        ("; SameSite", False),
        ("", False),
    ],
)
def test_only_lax_and_strict_keep_a_cookie_on_its_site(attribute: str, stays: bool) -> None:
    """`None` is an attribute too, and lets the cookie go everywhere."""
    headers = {"Set-Cookie": f"session=x; Path=/{attribute}"}
    answer = httpx.Response(200, headers=headers, request=httpx.Request("GET", "https://example.org/"))
    (cookie,) = answer.cookies.jar
    assert stays_on_its_site(cookie) is stays
