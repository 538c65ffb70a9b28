"""The subject of a mail holds a line break and further headers."""

import contextlib

from airflow.sdk.exceptions import AirflowFailException
from suite.attack import HELD
from suite.manifests import at_their_word, granted, is_trusted, task
from suite.place import Place

from common_plugins.operators.email_send import refuse_line_ends

FROM = "a tenant's manifest"
AGAINST = "mail servers"
DEFENCE = "texts of one line hold one line"
MUST = HELD
NEEDS = ()
undefended = at_their_word


def harmless(place: Place) -> str:
    """Return the same of a manifest that does no harm."""
    return granted(
        place,
        task("email.send", {"connection": "mail", "to": "a@example.org", "subject": "x", "text": "x"}),
        "example.org",
    )


def attack(place: Place) -> str:
    """Return what of it would stand in the head of the mail."""
    subject = "x\nBcc: everybody@example.org"
    given = {"connection": "mail", "to": "a@example.org", "subject": subject, "text": "x"}
    found = granted(place, task("email.send", given), "Bcc")
    if not is_trusted(place):
        with contextlib.suppress(AirflowFailException):
            refuse_line_ends({"subject": subject})
            return found
        return ""
    return found
