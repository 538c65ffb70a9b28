"""`email.send` against a real SMTP conversation."""

from __future__ import annotations

import socketserver
import threading
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any

import pytest
from airflow.sdk.exceptions import AirflowFailException


class Post(socketserver.StreamRequestHandler):
    """Speaks as much SMTP as a mail needs."""

    def handle(self) -> None:
        self.wfile.write(b"220 here\r\n")
        for line in self.rfile:
            word = line[:4].upper().strip()
            if word == b"DATA":
                self.take()
            else:
                if word == b"RCPT":
                    self.server.receivers.append(line.decode().partition("<")[2].partition(">")[0])  # type: ignore[attr-defined]
                self.wfile.write(b"221 bye\r\n" if word == b"QUIT" else b"250 fine\r\n")

    def take(self) -> None:
        self.wfile.write(b"354 go on\r\n")
        lines: list[bytes] = []
        while (line := self.rfile.readline()) != b".\r\n":
            lines.append(line)
        self.server.mails.append(message_from_bytes(b"".join(lines), policy=policy.default))  # type: ignore[attr-defined]
        self.wfile.write(b"250 taken\r\n")


class Office(socketserver.ThreadingTCPServer):
    """Keeps what comes."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Post)
        self.mails: list[EmailMessage] = []
        self.receivers: list[str] = []


@pytest.fixture
def office(monkeypatch: pytest.MonkeyPatch) -> Iterator[Office]:
    """A mail server that tenant alpha knows as `mail`."""
    with Office() as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        options = "disable_ssl=true&disable_tls=true&from_email=alpha%40example.org"
        monkeypatch.setenv(
            "AIRFLOW_CONN_ALPHA.MAIL", f"smtp://127.0.0.1:{server.server_address[1]}?{options}"
        )
        yield server
        server.shutdown()


def body(mail: EmailMessage, kind: str) -> str:
    """Return the mail's body of one kind."""
    part = mail.get_body((kind,))
    assert part is not None
    return str(part.get_content()).strip()


def test_mail_arrives_with_both_bodies(run: Any, office: Office) -> None:
    """To all receivers, templates rendered, from the connection's sender."""
    receivers = {"to": ["a@example.org", "b@example.org"], "cc": "c@example.org"}
    run(
        "email.send",
        connection="mail",
        subject="Ärger {{ ds }}",
        text="plain {{ ds }}",
        html="<b>ü</b>",
        **receivers,
    )
    (mail,) = office.mails
    assert (mail["Subject"], mail["From"], mail["To"]) == (
        "Ärger 2024-01-31",
        "alpha@example.org",
        "a@example.org, b@example.org",
    )
    assert office.receivers == ["a@example.org", "b@example.org", "c@example.org"]
    assert (body(mail, "plain"), body(mail, "html")) == ("plain 2024-01-31", "<b>ü</b>")


def test_plain_mail_has_no_html(run: Any, office: Office) -> None:
    """Text stays text."""
    run(
        "email.send",
        connection="mail",
        to="a@example.org",
        subject="s",
        text="1 < 2",
        from_email="x@example.org",
    )
    (mail,) = office.mails
    assert body(mail, "plain") == "1 < 2"
    assert mail.get_body(("html",)) is None
    assert mail["From"] == "x@example.org"


@pytest.mark.parametrize("field", ["to", "cc", "subject", "from_email"])
def test_value_cannot_begin_another_header(run: Any, office: Office, field: str) -> None:
    """A line end in a header's value is refused before anything is sent."""
    parameters = {"to": "a@example.org", "subject": "s", "text": "t", field: "x\nBcc: spy@example.org"}
    with pytest.raises(AirflowFailException, match=f"`{field}` of a mail is one line"):
        run("email.send", connection="mail", **parameters)
    assert not office.mails
