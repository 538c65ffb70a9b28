"""What a template may say when it is rendered: the same words as the loader's, which this side cannot import.

A test holds the two lists together.
"""

from __future__ import annotations

TENANT = "tenant"
MACROS = frozenset({"ds_add", "ds_format"})
NAMES = frozenset(
    {
        "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "logical_date", "data_interval_start",
        "data_interval_end", "prev_data_interval_start_success", "prev_data_interval_end_success",
        "prev_start_date_success", "prev_end_date_success", "run_id", "try_number", "params", "macros", TENANT,
    }
)  # fmt: skip
FILTERS = frozenset(
    {
        "ds", "ds_nodash", "ts", "ts_nodash", "ts_nodash_with_tz", "default", "d", "upper", "lower", "title",
        "capitalize", "replace", "trim", "join", "string", "int", "float", "round", "abs", "tojson", "length",
        "count", "first", "last", "min", "max", "sum", "sort", "list",
    }
)  # fmt: skip
TESTS = frozenset(
    {
        "defined", "undefined", "none", "string", "number", "boolean", "integer", "float", "mapping",
        "sequence", "iterable", "even", "odd", "divisibleby", "in", "eq", "ne", "lt", "le", "gt", "ge",
        "true", "false",
    }
)  # fmt: skip
METHODS = frozenset(
    {
        "strftime", "add", "subtract", "in_timezone", "in_tz", "date", "time", "isoformat", "format",
        "to_date_string", "to_datetime_string", "to_iso8601_string", "start_of", "end_of", "first_of",
        "last_of", "timestamp", "weekday", "isoweekday", "next", "previous",
        "upper", "lower", "strip", "lstrip", "rstrip", "replace", "split", "startswith", "endswith", "title",
        "capitalize", "items", "keys", "values", "get",
    }
)  # fmt: skip
