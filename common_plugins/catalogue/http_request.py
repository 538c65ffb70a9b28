"""`http.request`."""

from __future__ import annotations

from typing import Annotated, Any, ClassVar, Literal, Self

from pydantic import Field, model_validator

from common_plugins.catalogue.base import (
    CatalogueEntry,
    Connection,
    Json,
    Kind,
    Many,
    Reference,
    Seconds,
    Text,
    TextMap,
)


class HttpRequest(CatalogueEntry):
    """Send one HTTP request and hand the response to later tasks."""

    uses: ClassVar[str] = "http.request"
    operator: ClassVar[str] = "common_plugins.operators.http_request:HttpRequestOperator"
    connection_types: ClassVar[tuple[str, ...]] = ("http",)
    unmapped: ClassVar[frozenset[str]] = frozenset({"response"})

    connection: Connection = Field(description="The service: its base URL and credentials.")
    endpoint: Text = Field("", description="Path below the base URL.")
    method: Literal["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"] = Field(
        "GET", description="HTTP method."
    )
    data: Annotated[dict[str, Any] | str | Reference | None, Kind("json")] = Field(
        None,
        description="Query parameters of GET; form fields or the text to send of the other methods.",
    )
    json_body: Json = Field(None, description="A JSON document to send instead of `data`.")
    headers: TextMap = Field(default_factory=dict, description="HTTP headers.")
    expect_status: Many[Annotated[int, Field(ge=100, le=599)]] = Field(
        (), description="Status codes that count as success. Left out: all below 400."
    )
    response: Literal["text", "json", "none"] = Field(
        "text", description="What later tasks get: the text, its JSON, or nothing."
    )
    timeout: Seconds = Field(60.0, gt=0, description="Longest silence of the service before the task fails.")

    @model_validator(mode="after")
    def _one_body(self) -> Self:
        if self.json_body is not None and self.data is not None and self.method not in ("GET", "HEAD"):
            raise ValueError("give either data or json_body")
        return self

    def result_keys(self) -> frozenset[str]:
        """Return the XCom keys under which a task with these parameters leaves its results."""
        return frozenset() if self.response == "none" else super().result_keys()
