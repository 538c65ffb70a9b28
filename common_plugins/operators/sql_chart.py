"""`sql.chart` in Airflow."""

from __future__ import annotations

import io
import os
from collections.abc import Sequence
from decimal import Decimal
from typing import Any

from aerodrome_airflow.launcher.client import Job
from airflow.providers.common.sql.operators.sql import BaseSQLOperator
from airflow.sdk.exceptions import AirflowException

from common_plugins.catalogue.sql_chart import SqlChart
from common_plugins.hooks.streamed_postgres import StreamedSqlMixin
from common_plugins.tenancy import Context, LaunchingMixin, connection_id, tenant

POINTS = 10_000
DOTS_PER_INCH = 100


class SqlChartOperator(LaunchingMixin, StreamedSqlMixin, BaseSQLOperator):
    """Draw the result of a query as a PNG file in the tenant's data folder."""

    uses = SqlChart.uses
    template_fields = SqlChart.template_fields()

    def __init__(  # noqa: PLR0913 - the parameters of the catalogue entry
        self,
        *,
        connection: str,
        sql: Any,
        file: Any,
        parameters: Any = None,
        kind: str = "bar",
        title: Any = "",
        x_label: Any = "",
        y_label: Any = "",
        width: int = 960,
        height: int = 540,
        **kwargs: Any,
    ) -> None:
        super().__init__(**kwargs)
        self.connection = connection
        self.sql = sql
        self.file = file
        self.parameters = parameters
        self.kind = kind
        self.title = title
        self.x_label = x_label
        self.y_label = y_label
        self.width = width
        self.height = height

    def execute(self, context: Context) -> str:
        """Return the path of the chart, below the tenant's data folder."""
        self.conn_id = connection_id(context, self.connection)
        hook: Any = self.get_db_hook()
        columns, rows = hook.run(self.sql, parameters=self.parameters or None, handler=_fetch)
        picture = self._draw(columns, rows)
        body = {"path": self.file, "size": len(picture)}
        self.run_job(Job(tenant(context), "write", None, body), content=picture)
        self.log.info("%d points drawn to %s", len(rows), self.file)
        return str(self.file)

    def _draw(self, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> bytes:
        # On a machine with many processors one thread for each would take the task's memory before the first point.
        os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
        # Not `pyplot`: it keeps state in the process and looks for a screen.
        from matplotlib.figure import Figure

        size = (self.width / DOTS_PER_INCH, self.height / DOTS_PER_INCH)
        figure = Figure(figsize=size, dpi=DOTS_PER_INCH, layout="constrained")
        axes = figure.add_subplot()
        draw(axes, self.kind, columns, rows)
        axes.set_title(_plain(self.title))
        axes.set_xlabel(_plain(self.x_label))
        axes.set_ylabel(_plain(self.y_label))
        target = io.BytesIO()
        # Without the library's version in it, the same data gives the same file.
        figure.savefig(target, format="png", metadata={"Software": None})
        return target.getvalue()


def _plain(text: Any) -> str:
    # The library would take what stands between dollar signs for a formula.
    return str(text).replace("$", r"\$")


def _fetch(cursor: Any) -> tuple[list[str], list[Any]]:
    rows = cursor.fetchmany(POINTS + 1)
    columns = [column[0] for column in cursor.description]
    if len(rows) > POINTS:
        raise AirflowException(f"a chart has {POINTS} points at most: aggregate in the query")
    if not rows or len(columns) < 2:
        raise AirflowException("a chart needs rows with an axis and at least one series")
    return columns, rows


def draw(axes: Any, kind: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> None:
    """Draw each column after the first against the first."""
    labels = [_plain(row[0]) for row in rows]
    series = {name: [_value(row[at]) for row in rows] for at, name in enumerate(columns) if at}
    if kind == "line":
        _lines(axes, [row[0] for row in rows], series)
    else:
        _bars(axes, kind, labels, series)
    if len(series) > 1:
        axes.legend()


def _lines(axes: Any, places: Sequence[Any], series: dict[str, list[float]]) -> None:
    for name, values in series.items():
        axes.plot(
            [float(place) if isinstance(place, Decimal) else place for place in places],
            values,
            label=_plain(name),
        )


def _bars(axes: Any, kind: str, labels: Sequence[str], series: dict[str, list[float]]) -> None:
    thickness = 0.8 / len(series)
    for at, (name, values) in enumerate(series.items()):
        places = [place - 0.4 + thickness * (at + 0.5) for place in range(len(labels))]
        plot = axes.barh if kind == "barh" else axes.bar
        plot(places, values, thickness, label=_plain(name))
    if kind == "barh":
        axes.set_yticks(range(len(labels)), labels)
        axes.invert_yaxis()
    else:
        axes.set_xticks(range(len(labels)), labels)


def _value(value: Any) -> float:
    try:
        return float("nan") if value is None else float(value)
    except (TypeError, ValueError):
        raise AirflowException(f"a series of a chart holds numbers, not {value!r}") from None
