"""`http.request` in Airflow."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any

from aerodrome_airflow.results import refuse_marks
from airflow.providers.http.operators.http import HttpOperator
from airflow.sdk.exceptions import AirflowException

from common_plugins.catalogue.http_request import HttpRequest
from common_plugins.rows import RESULT_LIMIT
from common_plugins.tenancy import CatalogueMixin, Context, connection_id, text_map

SHOWN = 2000


class HttpRequestOperator(CatalogueMixin, HttpOperator):
    """Send one HTTP request; the response becomes the task's result."""

    uses = HttpRequest.uses
    template_fields = HttpRequest.template_fields()

    def __init__(  # noqa: PLR0913 - the parameters of the catalogue entry
        self,
        *,
        connection: str,
        endpoint: Any = "",
        method: str = "GET",
        data: Any = None,
        json_body: Any = None,
        headers: Any = None,
        expect_status: Sequence[int] = (),
        response: str = "text",
        timeout: float = 60.0,
        **kwargs: Any,
    ) -> None:
        super().__init__(
            endpoint=endpoint, method=method, data=data, headers=headers, deferrable=False, **kwargs
        )
        self.connection = connection
        self.json_body = json_body
        self.expect_status = expect_status
        self.response = response
        self.timeout = timeout

    def execute(self, context: Context) -> Any:
        """Return the response in the form that the task asks for."""
        self.http_conn_id = connection_id(context, self.connection)
        self.headers = text_map(self.headers)
        # The status is judged below, and the body is read only as far as it is wanted.
        self.extra_options = {"timeout": self.timeout, "check_response": False, "stream": True}
        if self.json_body is not None:
            self.request_kwargs = {"json": self.json_body}
        return self.execute_sync(context)

    def process_response(self, context: Context, response: Any) -> Any:
        """Return the response's text or JSON; an unwanted status fails the task."""
        with response:
            self.log.info(
                "%s %s: %d", self.method, response.request.path_url.partition("?")[0], response.status_code
            )
            if not is_expected(response.status_code, self.expect_status):
                shown = read(response, SHOWN, cut=True).decode(errors="backslashreplace")
                raise AirflowException(
                    f"the service answered {response.status_code} {response.reason}: {shown}"
                )
            return self._result(response)

    def _result(self, response: Any) -> Any:
        if self.response == "none":
            return None
        content = read(response, RESULT_LIMIT, cut=False)
        text = content.decode(response.encoding or "utf-8", errors="replace")
        if self.response == "text":
            return text
        try:
            result = json.loads(text)
        except (ValueError, RecursionError) as problem:
            raise AirflowException(f"the response is not JSON: {problem}") from None
        refuse_marks(result)
        return result


def is_expected(status: int, wanted: Sequence[int]) -> bool:
    """Return whether *status* counts as success."""
    return status in wanted if wanted else status < 400


def read(response: Any, limit: int, *, cut: bool) -> bytes:
    """Return the response's body; beyond *limit* it is cut, or fails the task."""
    content = bytearray()
    for piece in response.iter_content(64 * 1024):
        content += piece
        if len(content) > limit:
            if cut:
                break
            raise AirflowException(
                f"the response has more than {limit:,} bytes: too large to hand to later tasks"
            )
    return bytes(content[:limit])
