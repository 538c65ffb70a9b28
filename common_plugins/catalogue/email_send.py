"""`email.send`."""

from __future__ import annotations

from typing import ClassVar, Self

from pydantic import Field, model_validator

from common_plugins.catalogue.base import CatalogueEntry, Connection, OptionalText, Text, Texts


class EmailSend(CatalogueEntry):
    """Send a mail."""

    uses: ClassVar[str] = "email.send"
    operator: ClassVar[str] = "common_plugins.operators.email_send:EmailSendOperator"
    results: ClassVar[frozenset[str]] = frozenset()
    connection_types: ClassVar[tuple[str, ...]] = ("smtp",)

    connection: Connection = Field(description="The mail server; its `from_email` is the sender.")
    to: Texts = Field(description="Receiver or list of receivers.")
    subject: Text = Field(description="Subject, one line.")
    text: OptionalText = Field(None, description="Body as plain text.")
    html: OptionalText = Field(None, description="Body as HTML; with `text` too, readers choose.")
    cc: Texts = Field((), description="Receivers of a copy.")
    from_email: OptionalText = Field(None, description="Sender. Left out: the connection's.")

    @model_validator(mode="after")
    def _some_body(self) -> Self:
        if self.text is None and self.html is None:
            raise ValueError("give text, html or both")
        return self
