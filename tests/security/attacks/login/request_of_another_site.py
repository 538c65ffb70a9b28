"""A page of another site has a person's browser start runs and change things, with the cookies that it holds."""

from suite.attack import HELD
from suite.browsers import SOMEBODY, browser, careless_browsers, cookies_from_another_site
from suite.place import VICTIM, Place

FROM = "nobody in particular"
AGAINST = "what a person may do"
DEFENCE = "cookies are SameSite: browsers keep them for the platform's own pages"
MUST = HELD
NEEDS = ("api",)
undefended = careless_browsers
# What a page can send without asking the server first: no JSON, and no method but these.
PATHS = ("favorite", "unfavorite", "dagRuns")
BODIES = (
    {"content": b"{}"},
    {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
    {"data": {"a": "b"}},
)


def attack(place: Place) -> str:
    """Return what the server does."""
    with browser(place) as person, browser(place) as page:
        person.log_in(SOMEBODY)
        page.client.cookies.update(cookies_from_another_site(place, person))
        sent = (
            (path, page.client.post(f"/api/v2/dags/{VICTIM}.daily/{path}", **body))
            for path in PATHS
            for body in BODIES
        )
        return ", ".join(sorted({path for path, answer in sent if answer.is_success}))
