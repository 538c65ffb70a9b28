"""`python.call` in Airflow."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from aerodrome_airflow.launcher.client import Job
from aerodrome_airflow.xcom.arguments import taken_apart
from aerodrome_airflow.xcom.launched import LaunchedStream
from airflow.sdk import BaseOperator
from airflow.sdk.bases.xcom import BaseXCom
from airflow.sdk.exceptions import AirflowFailException

from common_plugins.catalogue.python_call import PythonCall
from common_plugins.tenancy import Context, LaunchingMixin, connections, tenant, text_map, variables


class PythonCallOperator(LaunchingMixin, BaseOperator):
    """Call a function of the tenant's own package in the tenant's own environment."""

    uses = PythonCall.uses
    template_fields = PythonCall.template_fields()

    def __init__(  # noqa: PLR0913 - the parameters of the catalogue entry
        self,
        *,
        function: str,
        args: Any = None,
        connections: Sequence[str] = (),
        variables: Sequence[str] = (),
        outputs: Sequence[str] = (),
        env: Any = None,
        runtime: str | None = None,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.function = function
        self.args = args
        self.connections = connections
        self.variables = variables
        self.outputs = outputs
        self.env = env
        self.runtime = runtime

    def execute(self, context: Context) -> Any:
        """Return what the function returns."""
        arguments = taken_apart(self._arguments())
        body: dict[str, Any] = {
            "function": self.function,
            "args": arguments.values,
            "connections": connections(context, self.connections),
            "variables": variables(context, self.variables),
        }
        if arguments.streams:
            body["streams"] = arguments.described()
        job = Job(tenant(context), "call", self.runtime, body, text_map(self.env or {}))
        stream = LaunchedStream(self.start_launch(), job, self.log_line, arguments.content())
        if stream.begins():
            # Stored piece by piece while the function makes it: it never stands in this process' memory.
            context["ti"].xcom_push(key=BaseXCom.XCOM_RETURN_KEY, value=stream)
            if self.outputs:
                raise AirflowFailException(f"`outputs` names keys, but {self.function} returned no object")
            return None
        result = stream.result
        for key in self.outputs:
            context["ti"].xcom_push(key=key, value=self._output(result, key))
        return result

    def _arguments(self) -> Mapping[str, Any]:
        # A reference may have brought anything.
        arguments = {} if self.args is None else self.args
        if not isinstance(arguments, Mapping):
            said = type(arguments).__name__
            raise AirflowFailException(f"`args` must be names and values for {self.function}, not a {said}")
        return arguments

    def _output(self, result: Any, key: str) -> Any:
        if not isinstance(result, dict) or key not in result:
            raise AirflowFailException(f"`outputs` names {key!r}, but {self.function} returned no such key")
        return result[key]
