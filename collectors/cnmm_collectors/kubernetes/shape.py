"""The shape of objects: what is taken out of one is what its schema says, or a fault."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from cnmm_collectors.signals import Gap

Object = Mapping[str, Any]


class ShapeFault(Exception):
    """An object does not have the shape its kind has; the message names the field, never its content."""

    gap = Gap.MALFORMED


# These run a hundred times for each pod: they walk by themselves rather than through one another.


def mapping(holder: Object, *names: str) -> Object:
    """Return the mapping at a path of fields, empty where there is none; raises ShapeFault."""
    found: Any = holder
    for name in names:
        found = found.get(name)
        if found is None:
            return {}
        if not isinstance(found, dict):
            raise ShapeFault(f"{'.'.join(names)} is not a mapping")
    return found  # type: ignore[no-any-return]


def _at(holder: Object, names: tuple[str, ...]) -> Any:
    found: Any = holder
    for name in names:
        if not isinstance(found, dict):
            raise ShapeFault(f"{'.'.join(names)} is not where it belongs")
        found = found.get(name)
        if found is None:
            return None
    return found


def objects(holder: Object, *names: str) -> Sequence[Object]:
    """Return the list of mappings at a path of fields, empty where there is none; raises ShapeFault."""
    found = holder.get(names[0]) if len(names) == 1 else _at(holder, names)
    if found is None:
        return ()
    if isinstance(found, list):
        for one in found:
            if not isinstance(one, dict):
                break
        else:
            return found
    raise ShapeFault(f"{'.'.join(names)} is not a list of mappings")


def texts(holder: Object, *names: str) -> Sequence[str]:
    """Return the list of texts at a path of fields, empty where there is none; raises ShapeFault."""
    found = _at(holder, names)
    if found is None:
        return ()
    if not isinstance(found, list) or not all(isinstance(one, str) for one in found):
        raise ShapeFault(f"{'.'.join(names)} is not a list of texts")
    return found


def text(holder: Object, *names: str) -> str:
    """Return the text at a path of fields, empty where there is none; raises ShapeFault."""
    found = holder.get(names[0]) if len(names) == 1 else _at(holder, names)
    if found is None:
        return ""
    if not isinstance(found, str):
        raise ShapeFault(f"{'.'.join(names)} is not a text")
    return found


def number(holder: Object, *names: str) -> int | None:
    """Return the whole number at a path of fields, None where there is none; raises ShapeFault."""
    found = _at(holder, names)
    if found is None:
        return None
    if isinstance(found, bool) or not isinstance(found, int):
        raise ShapeFault(f"{'.'.join(names)} is not a whole number")
    return found


def flag(holder: Object, *names: str) -> bool | None:
    """Return the true or false at a path of fields, None where there is none; raises ShapeFault."""
    found = holder.get(names[0]) if len(names) == 1 else _at(holder, names)
    if found is None:
        return None
    if not isinstance(found, bool):
        raise ShapeFault(f"{'.'.join(names)} is not true or false")
    return found


def labels(holder: Object, *names: str) -> dict[str, str]:
    """Return the labels, annotations or other texts by name at a path of fields; raises ShapeFault."""
    found = mapping(holder, *names)
    if not all(isinstance(value, str) for value in found.values()):
        raise ShapeFault(f"{'.'.join(names)} holds what is not a text")
    return dict(found)


def matches(selector: Object, carried: Mapping[str, str]) -> bool:
    """True where a label selector (matchLabels and matchExpressions) selects; raises ShapeFault."""
    if any(carried.get(key) != value for key, value in mapping(selector, "matchLabels").items()):
        return False
    return all(_expression(one, carried) for one in objects(selector, "matchExpressions"))


def _expression(one: Object, carried: Mapping[str, str]) -> bool:
    key, values = text(one, "key"), texts(one, "values")
    match text(one, "operator"):
        case "In":
            return carried.get(key) in values
        case "NotIn":
            return carried.get(key) not in values
        case "Exists":
            return key in carried
        case "DoesNotExist":
            return key not in carried
    raise ShapeFault("a selector's operator is not known")


def selects_all(selector: Object) -> bool:
    """True where a selector is empty and so selects everything; raises ShapeFault."""
    return not mapping(selector, "matchLabels") and not objects(selector, "matchExpressions")
