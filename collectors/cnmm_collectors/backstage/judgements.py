"""What a catalogue says of one component or team: True, False, None for outside, or an unused field."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import cached_property

from cnmm_collectors.backstage.entities import Entity
from cnmm_collectors.placement import Place

UNUSED = "unused"
Verdict = bool | None | str
_CN_RUNTIME = re.compile(
    r"kubernetes|k8s|container|serverless|knative|openshift|lambda|cloud.?run|fargate|ecs|functions"
)
_MANAGED = re.compile(
    r"serverless|lambda|cloud.?run|fargate|\becs\b|functions|container.?apps|app.?runner|app.?engine"
)
_UNABLE = re.compile(
    r"saas|mainframe|appliance|desktop|mobile|ios|android|firmware|embedded|browser|static|cots|none"
)
_NEVER_RUNS = frozenset({"library", "documentation", "template", "mobile-app", "desktop-app"})
_SELF_SERVICE = re.compile(r"portal|\bapi\b|cli|command.?line|claim|self.?service|git")
_SHARED = frozenset({"shared-service", "platform-service", "shared", "shared-services"})
_AI = frozenset({"ai", "ai-system", "ml-model", "model", "llm", "machine-learning"})


@dataclass(frozen=True)
class Catalogue:
    """All entities of all files; questions are asked of one component at a time."""

    entities: Sequence[Entity]
    as_of: date

    def of(self, kind: str) -> list[Entity]:
        """Return the entities of a kind, sorted by name, each name once."""
        found = {one.name: one for one in reversed(self.entities) if one.kind == kind}
        return [found[name] for name in sorted(found)]

    @cached_property
    def components(self) -> list[Entity]:
        """The components."""
        return self.of("Component")

    @cached_property
    def teams(self) -> Mapping[str, Entity]:
        """The teams by name; units above teams are none."""
        above = {"department", "business-unit", "organization", "organisation", "division", "root"}
        return {one.name: one for one in self.of("Group") if one.type not in above}

    @cached_property
    def _heavy(self) -> frozenset[str]:
        """Owners of more than half of the components: a label, not a team, unless there are hardly any."""
        if len(self.teams) < 3:
            return frozenset()
        owned = Counter(one.owner for one in self.components if one.owner)
        return frozenset(name for name, number in owned.items() if 2 * number > len(self.components))

    @cached_property
    def _used(self) -> frozenset[str]:
        return frozenset(name for one in self.components for name, text in one.notes.items() if text)

    def _uses(self, *names: str) -> bool:
        return any(name in self._used for name in names)

    def is_owned(self, one: Entity) -> Verdict:
        """Owner is a team on record."""
        if not self.teams:
            return UNUSED
        return one.owner in self.teams and one.owner not in self._heavy

    def in_production(self, one: Entity) -> bool:
        """True unless its stage of life says otherwise."""
        return one.lifecycle in ("", "production", "prod", "live", "ga", "operational")

    def is_shared(self, one: Entity) -> bool:
        """True for a service that others use."""
        return one.type in _SHARED or bool(_SHARED & one.tags)

    def is_ai(self, one: Entity) -> bool:
        """True for an AI system."""
        return one.type in _AI or bool(_AI & one.tags)

    def is_new(self, one: Entity) -> bool | None:
        """True where created within a year, None where that is not recorded."""
        created = one.day("created", "created-on", "creation-date")
        return None if created is None else self.as_of - timedelta(days=365) <= created <= self.as_of

    def is_cloud_native(self, one: Entity) -> bool | None:
        """True, False, or None where the runtime is not recorded."""
        said = one.note("runtime", "platform", "hosting")
        if said:
            return bool(_CN_RUNTIME.search(said.casefold()))
        return (
            True if one.note("kubernetes-id", "kubernetes-namespace", "kubernetes-label-selector") else None
        )

    def place(self, one: Entity) -> Place:
        """Return where a component runs, as far as a cluster could show it."""
        said = one.note("runtime", "platform", "hosting").casefold()
        if one.type in _NEVER_RUNS or (said and _UNABLE.search(said)):
            return Place.UNABLE
        if not said:
            return Place.ABLE if self.is_cloud_native(one) else Place.UNTOLD
        return Place.MANAGED if _MANAGED.search(said) else Place.ABLE

    def judge(self, key: str, one: Entity) -> Verdict:
        """Return the verdict of a component signal."""
        judged: Verdict = getattr(self, f"_{key.partition('.')[2]}")(one)
        return judged

    def _owner_is_team_ratio(self, one: Entity) -> Verdict:
        return self.is_owned(one) if self.in_production(one) else None

    def _value_stream_ratio(self, one: Entity) -> Verdict:
        if not any(other.system or other.domain for other in self.components) and not self._uses(
            "value-stream"
        ):
            return UNUSED
        return bool(one.system or one.domain or one.note("value-stream", "product"))

    def _interface_declared_ratio(self, one: Entity) -> Verdict:
        return bool(one.note("way-in", "interface") or one.provides) if self.is_shared(one) else None

    def _selfservice_ratio(self, one: Entity) -> Verdict:
        if not self.is_shared(one):
            return None
        said = one.note("way-in", "interface").casefold()
        return bool(_SELF_SERVICE.search(said)) if said else False

    def _platform_service_count(self, one: Entity) -> Verdict:
        return self.is_owned(one) if self.is_shared(one) else None

    def _cloud_native_ratio(self, one: Entity) -> Verdict:
        if not self.in_production(one):
            return None
        known = self.is_cloud_native(one)
        return UNUSED if known is None else known

    def _new_component_cn_ratio(self, one: Entity) -> Verdict:
        new, native = self.is_new(one), self.is_cloud_native(one)
        if new is False:
            return None
        return UNUSED if new is None or native is None else native

    def _new_traditional_count(self, one: Entity) -> Verdict:
        new, native = self.is_new(one), self.is_cloud_native(one)
        if new is False or native is True:
            return False
        return UNUSED if new is None or native is None else True

    def _legacy_exception_ratio(self, one: Entity) -> Verdict:
        traditional = self._new_traditional_count(one)
        if traditional is not True:
            return None if traditional is False else UNUSED
        until = one.day("exception-until")
        return until is not None and until >= self.as_of and bool(one.note("exception-approved-by-role"))

    def _golden_path_ratio(self, one: Entity) -> Verdict:
        if not self._uses("golden-path"):
            return UNUSED
        return one.note("golden-path").casefold() not in ("", "no", "none", "false", "left")

    def _slo_ratio(self, one: Entity) -> Verdict:
        names = ("slo", "sla", "slos", "service-level", "service-level-objective")
        if not self.in_production(one):
            return None
        return bool(one.note(*names)) if self._uses(*names) else UNUSED

    def _api_defined_ratio(self, one: Entity) -> Verdict:
        if not one.provides:
            return None
        described = {api.name for api in self.of("API") if api.defined}
        return all(name in described for name in one.provides)

    def _ai_system_count(self, one: Entity) -> Verdict:
        return True if self.is_ai(one) else None

    def _ai_system_register_ratio(self, one: Entity) -> Verdict:
        if not self.is_ai(one):
            return None
        return bool(one.owner and (one.described or one.note("purpose")) and one.note("risk-class"))
