"""GitLab CI files, their local includes and hidden jobs that others extend."""

from __future__ import annotations

from collections.abc import Iterator

from cnmm_collectors.git.detect.ci.model import Include, Pipeline, Step
from cnmm_collectors.git.detect.ci.shell import read_commands
from cnmm_collectors.git.detect.nodes import Node

MAIN = ".gitlab-ci.yml"
_KEYWORDS = frozenset(
    [
        "stages",
        "include",
        "default",
        "variables",
        "workflow",
        "image",
        "services",
        "cache",
        "before_script",
        "after_script",
        "spec",
        "types",
    ]
)
_KINDS = ("component", "project", "template", "remote", "local")
_DEPTH = 5


def read_gitlab(path: str, documents: tuple[Node, ...]) -> Pipeline:
    """Return the pipeline of a file; hidden and disabled jobs are left out, `extends` is followed."""
    # A file with a `spec` header keeps its jobs in the second document.
    root = documents[-1]
    entries = dict(root.entries())
    jobs = {n: j for n, j in entries.items() if n not in _KEYWORDS and not n.startswith(".")}
    live = {name: job for name, job in jobs.items() if j_enabled(job, entries)}
    steps = tuple(step for job in live.values() for step in _steps(job, entries))
    includes = tuple(_includes(root))
    return Pipeline(
        path=path,
        dialect="gitlab",
        runs=bool(steps or includes) and not _never(root.get("workflow")),
        steps=steps,
        includes=includes,
        only=(),
        first=root.line,
        last=root.end,
        overrides=tuple(n for n, job in live.items() if job.text("allow_failure").lower() == "false"),
    )


def j_enabled(job: Node, entries: dict[str, Node]) -> bool:
    """False where a job's rules, or `when`, say never."""
    return not any(_never(node) for node in _lineage(job, entries))


def _never(node: Node | None) -> bool:
    if node is None:
        return False
    if node.text("when") == "never":
        return True
    rules = node.items("rules")
    return bool(rules) and rules[0].text("when") == "never" and len(rules[0].entries()) == 1


def _lineage(job: Node, entries: dict[str, Node]) -> Iterator[Node]:
    todo = [job]
    for _ in range(_DEPTH):
        if not todo:
            return
        node = todo.pop(0)
        yield node
        todo.extend(entries[name] for name in node.texts("extends") if name in entries)


def _steps(job: Node, entries: dict[str, Node]) -> Iterator[Step]:
    lineage = list(_lineage(job, entries))
    for field in ("before_script", "script", "after_script", "run"):
        node = next((n.get(field) for n in lineage if n.get(field)), None)
        commands = read_commands(node) if node else ()
        if node and commands:
            yield Step(
                uses=_image(lineage),
                commands=commands,
                inputs=(),
                blocking=field != "after_script" and not _allowed(lineage),
                line=node.line,
            )


def _image(lineage: list[Node]) -> str:
    names = (node.text("image") or node.text("image", "name") for node in lineage)
    image = next((name for name in names if name), "")
    return f"docker://{image}" if image else ""


def _allowed(lineage: list[Node]) -> bool:
    fields = (node.get("allow_failure") for node in lineage)
    first = next((field for field in fields if field), None)
    return first is not None and (not isinstance(first.value, str) or first.value.lower() == "true")


def _includes(root: Node) -> Iterator[Include]:
    node = root.get("include")
    if node is None:
        return
    for item in node.items() or [node]:
        if isinstance(item.value, str):
            remote = item.value.startswith(("http://", "https://"))
            yield Include("remote" if remote else "local", item.value.lstrip("/"), item.line)
            continue
        yield from _keyed(item)


def _keyed(item: Node) -> Iterator[Include]:
    rules = item.items("rules")
    if rules and rules[0].text("when") == "never" and len(rules[0].entries()) == 1:
        return
    for kind in _KINDS:
        target = item.text(kind)
        if target:
            yield Include(kind, target.lstrip("/"), item.line)  # type: ignore[arg-type]
            return
