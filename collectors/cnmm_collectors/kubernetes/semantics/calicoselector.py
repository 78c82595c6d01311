"""Calico's selectors: `has(a) && a not in {'x', 'y'}` as a question about labels."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from cnmm_collectors.kubernetes.shape import ShapeFault

Labels = Mapping[str, str]
Question = Callable[[Labels], bool]
_TOKEN = re.compile(
    r"\s*(?:(?P<text>\"[^\"]*\"|'[^']*')|(?P<sign>&&|\|\||==|!=|[!(){},])|(?P<word>[A-Za-z0-9_./-]+))"
)


@dataclass(frozen=True, slots=True)
class Selector:
    """A question about labels, and the labels it asks for."""

    ask: Question
    labels: frozenset[str]


def parse(selector: str) -> Selector:
    """Return what a selector asks; an empty one selects everything; raises ShapeFault."""
    if not selector.strip():
        return Selector(lambda _: True, frozenset())
    reader = _Reader(selector)
    ask = reader.either()
    if reader.left:
        raise ShapeFault("a selector cannot be read")
    return Selector(ask, frozenset(reader.labels))


class _Reader:
    """Reads one selector from left to right."""

    def __init__(self, selector: str) -> None:
        self.left, self.labels = _tokens(selector), set[str]()

    def either(self) -> Question:
        parts = [self._both()]
        while self._take("||"):
            parts.append(self._both())
        return parts[0] if len(parts) == 1 else lambda held: any(part(held) for part in parts)

    def _both(self) -> Question:
        parts = [self._single()]
        while self._take("&&"):
            parts.append(self._single())
        return parts[0] if len(parts) == 1 else lambda held: all(part(held) for part in parts)

    def _single(self) -> Question:
        if self._take("!"):
            inner = self._single()
            return lambda held: not inner(held)
        if self._take("("):
            inner = self.either()
            self._need(")")
            return inner
        word = self._next()
        if word in ("all", "global", "has") and self._take("("):
            label = self._label(self._next()) if word == "has" else ""
            self._need(")")
            return (lambda held: label in held) if label else (lambda _: word == "all")
        return self._compared(self._label(word))

    def _compared(self, label: str) -> Question:
        sign = self._next()
        if sign in ("==", "!="):
            value = self._value()
            return lambda held: (held.get(label) == value) is (sign == "==")
        if sign in ("in", "not"):
            if sign == "not":
                self._need("in")
            values = self._values()
            return lambda held: (held.get(label) in values) is (sign == "in")
        if sign in ("starts", "ends"):
            self._need("with")
            value = self._value()
            return lambda held: (
                held.get(label, "\0").startswith(value)
                if sign == "starts"
                else held.get(label, "\0").endswith(value)
            )
        if sign == "contains":
            value = self._value()
            return lambda held: label in held and value in held[label]
        raise ShapeFault("a selector cannot be read")

    def _label(self, word: str) -> str:
        self.labels.add(word)
        return word

    def _values(self) -> frozenset[str]:
        self._need("{")
        found: set[str] = set()
        while not self._take("}"):
            found.add(self._value())
            self._take(",")
        return frozenset(found)

    def _value(self) -> str:
        word = self._next()
        if word[0] not in "'\"":
            raise ShapeFault("a selector cannot be read")
        return word[1:-1]

    def _next(self) -> str:
        if not self.left:
            raise ShapeFault("a selector ends too early")
        return self.left.pop(0)

    def _take(self, word: str) -> bool:
        if self.left and self.left[0] == word:
            self.left.pop(0)
            return True
        return False

    def _need(self, word: str) -> None:
        if not self._take(word):
            raise ShapeFault("a selector cannot be read")


def _tokens(selector: str) -> list[str]:
    found, at = [], 0
    while at < len(selector.rstrip()):
        token = _TOKEN.match(selector, at)
        if token is None:
            raise ShapeFault("a selector cannot be read")
        found.append(token[0].strip())
        at = token.end()
    return found
