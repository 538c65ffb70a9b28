"""Paths that an entrance for hosts must not pass on: all but the execution API, however it is spelt."""

API_PATHS = (
    "/",
    "/api/v2/dags",
    "/auth/token",
    "/executions/",
    "/execution/../api/v2/dags",
    "/execution/%2e%2e/api/v2/dags",
    "/execution/x/..%2f..%2fapi/v2/dags",
    "/api/v2/dags/..%2f..%2f..%2fexecution/x",
    "/api/v2/../../execution/x",
    "/api/v2/x/../../../execution/x",
    "/auth/..//execution/",
    "//api/v2/dags",
    "//execution/x",
    "/%61pi/v2/dags",
)
