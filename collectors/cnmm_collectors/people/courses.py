"""What a course is about, from its title, code and topic; a bit for each topic."""

from __future__ import annotations

import re
import unicodedata
from enum import IntFlag
from functools import cache, lru_cache

from cnmm_collectors.shipped import shipped


class Topic(IntFlag):
    """Everything a course can count for; `LEARNED` is set for every course."""

    LEARNED = 1
    FUNDAMENTALS = 2
    CLOUD_NATIVE = 4
    CORE = 8
    ML = 16
    AI_OPS = 32
    OPTIMISATION = 64
    SECURITY = 128
    CN_SECURITY = 256
    AI_LITERACY = 512
    LAB = 1024
    APPLICATION = 2048
    CONTAINER = 4096
    ORCHESTRATION = 8192
    NETWORK = 16384
    INFRASTRUCTURE = 32768
    IN_HOUSE = 65536
    COMMUNITY = 131072
    OUTSIDE = 262144


LAYERS = (Topic.APPLICATION, Topic.CONTAINER, Topic.ORCHESTRATION, Topic.NETWORK, Topic.INFRASTRUCTURE)
KINDS = (Topic.IN_HOUSE, Topic.COMMUNITY, Topic.OUTSIDE)
_INSIDE = re.compile(r"internal|in.?house|guild|brown.?bag|intern\b|interne|interno|academy|lunch")
_COMMUNITY = re.compile(
    r"community|meetup|kubecon|conference|cncf|user group|killer ?coda|youtube|open source"
)


@cache
def _rules() -> tuple[tuple[Topic, re.Pattern[str]], ...]:
    found = shipped(__package__, "courses.yaml")
    native = found["cn"].replace("{k8s}", found["k8s"])
    return tuple(
        (Topic[name], re.compile(text.replace("{cn}", native).replace("{k8s}", found["k8s"])))
        for name, text in found["topics"].items()
    )


def topics(title: str, code: str, topic: str, lab: str, provider: str) -> Topic:
    """Return what a course counts for; a course nothing is known of still counts as learning."""
    return _about(title, code, topic, lab) | _source(provider.strip().casefold())


@lru_cache(maxsize=100_000)
def _about(title: str, code: str, topic: str, lab: str) -> Topic:
    text = unicodedata.normalize("NFKC", f"{title} {code} {topic}").casefold().replace("_", " ")
    found = Topic.LEARNED
    for one, pattern in _rules():
        if pattern.search(text):
            found |= one
    if re.search(r"\b(lab|hands.?on|practical|true|yes)\b", lab.casefold()):
        found |= Topic.LAB
    if Topic.SECURITY in found and Topic.CLOUD_NATIVE in found:
        found |= Topic.CN_SECURITY
    return found


@lru_cache(maxsize=10_000)
def _source(provider: str) -> Topic:
    if not provider:
        return Topic(0)
    if _INSIDE.search(provider):
        return Topic.IN_HOUSE
    return Topic.COMMUNITY if _COMMUNITY.search(provider) else Topic.OUTSIDE
