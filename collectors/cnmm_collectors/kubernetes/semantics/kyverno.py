"""Kyverno: rules that are enforced at admission, overrides, exclusions and exceptions taken off."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from cnmm_collectors.kubernetes.semantics.policies import Rule, Where, constraints, family_of
from cnmm_collectors.kubernetes.shape import Object, flag, mapping, objects, text, texts

_PLAIN = {"kinds", "namespaces", "namespaceSelector", "operations"}
_EVERY_IMAGE = ("*", "*:*", "**")


def read(item: Object) -> Iterator[Rule]:
    """Yield the enforced rules of a policy; one that is not ready or not for admission has none; raises
    ShapeFault.
    """
    spec = mapping(item, "spec")
    if flag(spec, "admission") is False or _is_broken(item):
        return
    for rule in objects(spec, "rules"):
        yield from _read_rule(item, rule)


def _is_broken(item: Object) -> bool:
    ready = [one for one in objects(item, "status", "conditions") if text(one, "type") == "Ready"]
    return any(text(one, "status") == "False" for one in ready)


def _read_rule(item: Object, rule: Object) -> Iterator[Rule]:
    spec, own = mapping(item, "spec"), text(item, "metadata", "namespace")
    validate, images = mapping(rule, "validate"), objects(rule, "verifyImages")
    only, never, checked = _actions(spec, validate, images)
    if only is None or not (validate or images):
        return
    matched, plain = _matched(rule)
    where = [one for one in matched if one.get("kinds")] or matched
    name = text(item, "metadata", "name")
    kinds = frozenset(kind.rpartition("/")[2].lower() for one in where for kind in one.get("kinds", ()))
    include = _narrowed([_where(one) for one in where], only, own)
    verified = [one for one in checked if _attested(one) and flag(one, "required") is not False]
    yield Rule(
        f"{name}/{text(rule, 'name')}",
        _family(validate, images, name, text(rule, "name")),
        kinds,
        verifies=bool(verified),
        whole=any(_covers_every_image(one) for one in verified),
        baseline=text(validate, "podSecurity", "level") in ("baseline", "restricted"),
        simple=plain and not rule.get("preconditions") and not rule.get("celPreconditions"),
        include=include,
        exclude=(*_excluded(rule), *({"names": names} for names in never)),
    )


def _family(validate: Object, images: Sequence[Object], *names: str) -> str:
    if images:
        return "image"
    return "workload" if mapping(validate, "podSecurity") else family_of(*names)


def _actions(
    spec: Object, validate: Object, images: Sequence[Object]
) -> tuple[list[list[str]] | None, list[list[str]], Sequence[Object]]:
    """Return where alone a rule is enforced (empty for everywhere, None for nowhere), where it is not, and
    which of its image checks are.
    """
    general = text(spec, "validationFailureAction").lower() or "audit"
    checked = [one for one in images if (text(one, "failureAction").lower() or general) == "enforce"]
    enforced = bool(checked) if images else (text(validate, "failureAction").lower() or general) == "enforce"
    overrides = (
        *objects(spec, "validationFailureActionOverrides"), *objects(validate, "failureActionOverrides"),
    )  # fmt: skip
    by_action: dict[str, list[list[str]]] = {"enforce": [], "audit": []}
    for one in overrides:
        names = list(texts(one, "namespaces")) or ["*"]
        by_action.setdefault(text(one, "action").lower(), []).append(names)
    if enforced:
        return [], by_action["audit"], checked
    return by_action["enforce"] or None, [], images


def _attested(check: Object) -> bool:
    own = objects(check, "attestors")
    return bool(own) or any(objects(one, "attestors") for one in objects(check, "attestations"))


def _covers_every_image(check: Object) -> bool:
    named = [*texts(check, "imageReferences"), text(check, "image")]
    return any(one in _EVERY_IMAGE for one in named) and not texts(check, "skipImageReferences")


def _matched(rule: Object) -> tuple[list[dict[str, Any]], bool]:
    """Return the alternatives a rule matches, and whether they are told by kind and namespace alone."""
    holder = mapping(rule, "match")
    plain = all(_is_plain(one) for one in blocks(rule, "match"))
    every = [mapping(one, "resources") for one in objects(holder, "all")]
    if every:
        # Parts that must hold together: one entry of everything they say.
        together: dict[str, Any] = {}
        for one in every:
            plain = plain and not (set(one) & set(together))
            together |= one
        return [together], plain
    return [dict(mapping(one, "resources")) for one in blocks(rule, "match")], plain


def _is_plain(block: Object) -> bool:
    """True where a block selects by kind and namespace alone."""
    return set(block) <= {"resources"} and set(mapping(block, "resources")) <= _PLAIN


def blocks(rule: Object, part: str) -> Sequence[Object]:
    """Return the blocks of a rule's `match` or `exclude`; raises ShapeFault."""
    holder = mapping(rule, part)
    return (*objects(holder, "any"), *objects(holder, "all"), *([holder] if "resources" in holder else ()))


def _where(resources: Object) -> dict[str, Any]:
    found: dict[str, Any] = {}
    if texts(resources, "namespaces"):
        found["names"] = list(texts(resources, "namespaces"))
    if mapping(resources, "namespaceSelector"):
        found["selector"] = mapping(resources, "namespaceSelector")
    return found


def _narrowed(places: list[dict[str, Any]], only: list[list[str]] | None, own: str) -> tuple[Where, ...]:
    """Return where a rule applies, empty for everywhere: of its own namespace, and as an override says."""
    if own:
        return ({"names": [own]},)
    found = tuple(places) if places and all(places) else ()
    if not only:
        return found
    return tuple({**place, "only": names} for place in (found or ({},)) for names in only)


def _excluded(rule: Object) -> Iterator[Mapping[str, Any]]:
    """Yield where a rule does not apply; what leaves out kinds, names or users leaves no namespace out."""
    every = [mapping(one, "resources") for one in objects(rule, "exclude", "all")]
    single = [{key: value for one in every for key, value in one.items()}] if every else []
    others = objects(rule, "exclude", "any")
    holder = mapping(rule, "exclude")
    rest = [mapping(one, "resources") for one in (*others, *([holder] if "resources" in holder else ()))]
    for one in (*single, *rest):
        if set(one) - {"kinds", "namespaces", "namespaceSelector", "operations"}:
            continue
        where = _where(one)
        if where:
            yield where


def read_expression(item: Object, images: bool) -> Iterator[Rule]:
    """Yield a policy in the expression language where it denies at admission; raises ShapeFault."""
    spec, place = mapping(item, "spec"), text(item, "metadata", "namespace")
    off = flag(spec, "evaluation", "admission", "enabled") is False
    if off or "Deny" not in (texts(spec, "validationActions") or ("Deny",)):
        return
    kinds, include, simple = constraints(mapping(spec, "matchConstraints"))
    name = text(item, "metadata", "name")
    globs = [text(one, "glob") for one in objects(spec, "matchImageReferences")]
    yield Rule(
        name,
        "image" if images else family_of(name),
        kinds,
        verifies=images and bool(objects(spec, "attestors")),
        whole=any(one in _EVERY_IMAGE for one in globs),
        simple=simple and not objects(spec, "matchConditions"),
        include=({"names": [place]},) if place else include,
    )


def lifted(item: Object) -> tuple[str, ...]:
    """Return the namespaces a policy exception names, `*` for all of them; raises ShapeFault."""
    named = [
        name
        for block in blocks(mapping(item, "spec"), "match")
        for name in texts(block, "resources", "namespaces")
    ]
    return tuple(named) or ((text(item, "metadata", "namespace") or "*"),)
