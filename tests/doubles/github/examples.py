"""GitHub's own published examples as answers: what nobody here wrote."""

from __future__ import annotations

import json
import re
from functools import lru_cache
from pathlib import Path
from typing import Any


class Examples:
    """The examples of an OpenAPI description, by path; `{path}` parts fit any one segment."""

    def __init__(self, description: Path, base: str) -> None:
        self._base = base
        self._api = _load(description)
        routes = [(path.count("{"), _pattern(path), path) for path in self._api["paths"]]
        self._routes = sorted(routes, key=lambda route: route[0])

    def answer(self, path: str) -> tuple[int, Any]:
        """Return the status and the example of a GET, 404 where nothing is published."""
        for _, pattern, name in self._routes:
            operation = self._api["paths"][name].get("get")
            if operation is not None and pattern.fullmatch(path):
                return self._pick(operation)
        return 404, {"message": "Not Found"}

    def _pick(self, operation: dict[str, Any]) -> tuple[int, Any]:
        code = next((code for code in operation["responses"] if code.startswith("2")), "200")
        media = self._follow(operation["responses"][code]).get("content", {}).get("application/json", {})
        if "example" in media:
            return int(code), self._local(media["example"])
        for example in media.get("examples", {}).values():
            return int(code), self._local(self._follow(example).get("value"))
        return int(code), None

    def _follow(self, value: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in value:
            found: Any = self._api
            for step in value["$ref"].removeprefix("#/").split("/"):
                found = found[step.replace("~1", "/")]
            value = found
        return value

    def _local(self, value: Any) -> Any:
        return json.loads(json.dumps(value).replace("https://api.github.com", self._base))


@lru_cache(maxsize=1)
def _load(description: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(description.read_text(encoding="utf-8"))
    return found


def _pattern(path: str) -> re.Pattern[str]:
    return re.compile(re.sub(r"\\\{\w+\\\}", "[^/]+", re.escape(path)))
