"""Mails with a plain text, an HTML text, or both."""

from __future__ import annotations

from email.mime.multipart import MIMEMultipart
from email.mime.text import MIMEText
from typing import Any

from airflow.providers.smtp.hooks.smtp import SmtpHook


class MailHook(SmtpHook):
    """The provider's hook, whose messages carry *text* too; of both kinds the reader's program chooses."""

    def __init__(self, smtp_conn_id: str, *, text: str | None, html: str | None) -> None:
        super().__init__(smtp_conn_id=smtp_conn_id)
        self._bodies = {"plain": text, "html": html}

    def _build_mime_message(self, *args: Any, **kwargs: Any) -> tuple[MIMEMultipart, list[str]]:
        message, receivers = super()._build_mime_message(*args, **{**kwargs, "mime_subtype": "alternative"})
        bodies = [MIMEText(body, kind, "utf-8") for kind, body in self._bodies.items() if body is not None]
        message.set_payload(bodies)  # type: ignore[arg-type]
        return message, receivers
