"""`email.send` in Airflow."""

from __future__ import annotations

from typing import Any

from airflow.providers.smtp.operators.smtp import EmailOperator
from airflow.sdk.exceptions import AirflowFailException

from common_plugins.catalogue.email_send import EmailSend
from common_plugins.hooks.mail import MailHook
from common_plugins.tenancy import CatalogueMixin, Context, connection_id, texts


class EmailSendOperator(CatalogueMixin, EmailOperator):
    """Send a mail."""

    uses = EmailSend.uses
    template_fields = EmailSend.template_fields()

    def __init__(  # noqa: PLR0913 - the parameters of the catalogue entry
        self,
        *,
        connection: str,
        to: Any,
        subject: Any,
        text: Any = None,
        html: Any = None,
        cc: Any = (),
        from_email: Any = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(to=to, subject=subject, cc=cc, from_email=from_email, **kwargs)
        self.connection = connection
        self.text = text
        self.html = html

    def execute(self, context: Context) -> None:
        """Send the mail over the connection's server."""
        headers: dict[str, Any] = {
            "to": texts(self.to),
            "cc": texts(self.cc),
            "subject": self.subject,
            "from_email": self.from_email,
        }
        refuse_line_ends(headers)
        with MailHook(connection_id(context, self.connection), text=self.text, html=self.html) as hook:
            # The provider insists on some HTML; the hook puts the task's bodies in its place.
            hook.send_email_smtp(html_content=self.html or "-", **headers)
        self.log.info("sent to %d receivers", len(headers["to"]) + len(headers["cc"]))


def refuse_line_ends(headers: dict[str, Any]) -> None:
    """Raise where a value would begin another header."""
    for name, value in headers.items():
        if any("\n" in item or "\r" in item for item in texts(value)):
            raise AirflowFailException(f"`{name}` of a mail is one line")
