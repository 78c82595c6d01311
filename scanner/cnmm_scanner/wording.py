"""What is wrong with something people wrote, in their words: which part, what it must be, never its value."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

Step = str | int
_NUMBER = "must be a whole number"
_DATE = "must be a date such as 2026-11-22"
_KEYS = "must be `key: value` lines"
_LIST = "must be a list"
_WORDS = {
    "missing": "is missing",
    "int_type": _NUMBER,
    "int_parsing": _NUMBER,
    "int_from_float": _NUMBER,
    "float_type": "must be a number",
    "float_parsing": "must be a number",
    "decimal_parsing": "must be a number",
    "decimal_type": "must be a number",
    "bool_type": "must be true or false",
    "bool_parsing": "must be true or false",
    "string_type": "must be text",
    "string_too_short": "must not be empty",
    "path_type": "must be a path",
    "date_type": _DATE,
    "date_parsing": _DATE,
    "date_from_datetime_parsing": _DATE,
    "date_from_datetime_inexact": _DATE,
    "list_type": _LIST,
    "tuple_type": _LIST,
    "set_type": _LIST,
    "frozen_set_type": _LIST,
    "dict_type": _KEYS,
    "mapping_type": _KEYS,
    "model_type": _KEYS,
    "model_attributes_type": _KEYS,
    "greater_than_equal": "must be {ge} or more",
    "greater_than": "must be more than {gt}",
    "less_than_equal": "must be {le} or less",
    "less_than": "must be less than {lt}",
    "string_too_long": "must have at most {max_length} characters",
    "too_short": "must have at least {min_length} entries",
    "too_long": "must have at most {max_length} entries",
    "literal_error": "must be {expected}",
    "enum": "must be {expected}",
}
_PATTERNS = {
    "^[A-Z_]": "must be the NAME of an environment variable, such as HOST_TOKEN, never the credential itself",
    r"^[^\s": "may hold no blanks, quotes, brackets or control characters",
}


def said(error: Mapping[str, Any]) -> str:
    """Return what one validation error asks for, in plain words."""
    kind, context = error["type"], error.get("ctx") or {}
    if kind == "string_pattern_mismatch":
        pattern = str(context.get("pattern", ""))
        found = next((words for start, words in _PATTERNS.items() if pattern.startswith(start)), "")
        return found or f"must be written as the pattern {pattern} says"
    if kind in _WORDS:
        return _WORDS[kind].format(**context).replace("'", "")
    text = str(error["msg"])
    return text.removeprefix("Value error, ").replace("Input should", "should")


def place(data: Any, error: Mapping[str, Any]) -> tuple[Step, ...]:
    """Return the steps of an error that are in the document, and a missing key; not the names of a union."""
    return tuple(_steps(data, error["loc"], error["type"] == "missing"))


def _steps(data: Any, location: Sequence[Step], missing: bool) -> Iterator[Step]:
    for number, step in enumerate(location):
        listed = isinstance(data, list) and isinstance(step, int) and step < len(data)
        if listed or (isinstance(data, Mapping) and step in data):
            data = data[step]
        elif not (missing and number == len(location) - 1):
            continue
        yield step
