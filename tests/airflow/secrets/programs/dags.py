"""What tenants' tasks do with secrets, well and badly; the driver runs each of them as Airflow runs a task."""

import base64
import json
import threading
import urllib.parse

from airflow.sdk import DAG, BaseHook, BaseOperator, Variable

from common_plugins import tenancy


def outcome(read, *arguments):
    """Return what came of a lookup."""
    try:
        found = read(*arguments)
    except BaseException as problem:
        return f"{type(problem).__name__}: {problem}"
    if isinstance(found, dict):
        return "read" if all(found.values()) else "None"
    return "read" if getattr(found, "password", found) else "None"


class Reads(BaseOperator):
    """Looks up what it may and what it may not, from every place of a task."""

    template_fields = ("text",)

    def __init__(self, text="{{ conn.get('alpha.db').password }}", **more):
        super().__init__(**more)
        self.text = text

    def execute(self, context):
        found = {
            key: outcome(BaseHook.get_connection, key)
            for key in (
                "alpha.db",
                "beta.db",
                "global.mail",
                "global.other",
                "alpha.%2e%2e",
                "ALPHA.db",
                "../beta/connections/db",
                "alpha.people",
                "plain",
                "git_default",
                "alpha.empty",
            )
        }
        found["variable"] = outcome(Variable.get, "alpha.threshold")
        # As operators look up what a manifest names.
        for name in ("db", "global.mail", "global.other"):
            found[f"named {name}"] = outcome(tenancy.connections, context, [name])
        for name in ("threshold", "global.region", "global.plan"):
            found[f"variable {name}"] = outcome(tenancy.variables, context, [name])
        thread = threading.Thread(
            target=lambda: found.update(thread=outcome(BaseHook.get_connection, "alpha.db"))
        )
        thread.start()
        thread.join()
        self.log.info("outcomes %s", json.dumps(found))


class Leaks(BaseOperator):
    """Shows its secret in every way; the last two lines come as those of a launched job do."""

    template_fields = ("text",)
    overwrite_rtif_after_execution = True

    def __init__(self, text="nothing", **more):
        super().__init__(**more)
        self.text = text

    def execute(self, context):
        secret = BaseHook.get_connection("alpha.db").password
        forms = [
            secret,
            base64.b64encode(f"me:{secret}".encode()).decode(),
            urllib.parse.quote(secret, safe=""),
            json.dumps({"deep": [[[[[[{"er": secret}]]]]]]}),
            BaseHook.get_connection("alpha.db").get_uri(),
        ]
        for form in forms:
            print("printed", form)
            self.log.info("%s", form)
            self.log.info("structured", extra={"more": {"a": {"b": {"c": {"d": {"e": {"f": form}}}}}}})
        self.text = {"deep": {"a": {"b": {"c": {"d": {"e": {"f": forms}}}}}}}
        context["ti"].xcom_push("pushed", forms)
        return {"returned": forms, secret: 1}


class Fails(BaseOperator):
    """Raises its secret, within a group of exceptions and as a cause."""

    def execute(self, context):
        secret = BaseHook.get_connection("alpha.db").password
        try:
            raise ExceptionGroup(
                "inner " + secret, [ValueError(secret), ExceptionGroup("more", [KeyError(secret)])]
            )
        except ExceptionGroup as problem:
            raise RuntimeError(f"postgres://me:{urllib.parse.quote(secret)}@host/db") from problem


def tell(context):
    """Read a secret after the task's end."""
    print("callback alpha", outcome(BaseHook.get_connection, "alpha.db"))
    print("callback beta", outcome(BaseHook.get_connection, "beta.db"))


with DAG("alpha.daily", schedule=None):
    Reads(task_id="reads")
    Leaks(task_id="leaks")
    Fails(task_id="fails", on_failure_callback=tell)
