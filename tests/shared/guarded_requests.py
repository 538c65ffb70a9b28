"""A task's request as the execution API's guard sees it, without a server around."""

from __future__ import annotations

from typing import Any

PATH = "/execution/xcoms/alpha.daily/run_alpha/load/secret"


class CountingApp:
    """What stands behind the guard: it answers nothing and counts what comes through."""

    calls = 0

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        self.calls += 1


def execution_app(issued: dict[str, Any], secret: str) -> Any:
    """Return an application with an execution API that takes tokens like *issued*, signed with *secret*."""
    import svcs
    from airflow.api_fastapi.auth.tokens import JWTValidator
    from fastapi import FastAPI

    validator = JWTValidator(
        secret_key=secret,
        audience=issued["aud"],
        issuer=issued.get("iss"),
        algorithm=["HS512"],
        required_claims={"exp"},
    )
    execution, app = FastAPI(), FastAPI()
    execution.state.svcs_registry = svcs.Registry()
    execution.state.svcs_registry.register_value(JWTValidator, validator)
    app.mount("/execution", execution)
    return app


def request_scope(app: Any, token: str) -> dict[str, Any]:
    """Return a request for a result of the tenant `alpha` with *token*."""
    headers = [(b"authorization", f"Bearer {token}".encode()), (b"airflow-api-version", b"2026-06-30")]
    return {
        "type": "http",
        "method": "GET",
        "path": PATH,
        "raw_path": PATH.encode(),
        "query_string": b"",
        "headers": headers,
        "app": app,
    }
