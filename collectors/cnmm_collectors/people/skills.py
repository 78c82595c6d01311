"""Signals of learning and of certificates, over populations and teams."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from fractions import Fraction

from cnmm_collectors.people.certificates import KUBESTRONAUT, Certificates
from cnmm_collectors.people.courses import KINDS, LAYERS, Topic
from cnmm_collectors.people.groups import Groups
from cnmm_collectors.people.learning import Learning
from cnmm_collectors.people.telling import Desk, Unread
from cnmm_collectors.signals import Gap, Interval, Signal
from cnmm_collectors.tables.cells import team_share

_YEAR, _TWO_YEARS = 365, 730
_TOPICS = {
    "k8s-core": Topic.CORE,
    "ml-on-k8s": Topic.ML,
    "ai-ops": Topic.AI_OPS,
    "optimisation": Topic.OPTIMISATION,
}
_CERTS: Mapping[str, frozenset[str]] = {
    "cka": frozenset({"CKA"}),
    "ckad": frozenset({"CKAD"}),
    "cka-or-ckad": frozenset({"CKA", "CKAD"}),
    "kcna-or-kcsa": frozenset({"KCNA", "KCSA"}),
    "cks": frozenset({"CKS"}),
}
_HOLDERS = ("any", "cka", "ckad", "cka-or-ckad", "cks")
_POPULATIONS = (
    "cloud-native", "engineers", "developers", "platform", "platform-or-operations", "security-or-platform",
)  # fmt: skip
Test = Callable[[int], bool]
_PARTIAL = "a page, a file or rows of the certificate records are unread"


@dataclass(frozen=True, slots=True)
class Skills:
    """Answers the signals of training and certificates; without a roster shares have nothing to be of."""

    desk: Desk
    groups: Groups | None
    learning: Learning
    certificates: Certificates
    roster_files: tuple[tuple[str, str, str], ...]
    strangers: int = 0

    def signals(self) -> Iterator[Signal]:
        """Yield every signal that exports of learning and of certificates answer."""
        if self.learning.completions:
            yield from self._learning()
        if self.certificates.files:
            yield from self._certificates()

    @property
    def _today(self) -> int:
        return self.desk.reader.as_of.toordinal()

    def _since(self, days: int) -> int:
        return self._today - days

    @property
    def _open(self) -> bool:
        """True where certificate records exist that were not read."""
        return self.certificates.partial or self.certificates.unread > 0

    def _share(
        self, key: str, population: str, test: Test, *, certified: bool = False, either: bool = False
    ) -> Signal:
        """Return a share; `either`: a certificate counts beside a course, so both must be read."""
        source = "certifications" if certified else "training"
        if self.groups is None:
            return self.desk.untold(key, source, "the population is not declared: no roster")
        people = self.groups.get(population)
        files = (*self.roster_files, *(self.certificates.files if certified else self.learning.files))
        read = self.certificates if certified else self.learning
        unread = Unread(read.unread, self.strangers, read.partial)
        if either:
            held = self.certificates
            partial = read.partial or held.partial or not held.files
            unread = Unread(read.unread + held.unread, self.strangers, partial)
        return self.desk.share(key, source, sum(map(test, people)), len(people), files, population, unread)

    def _learning(self) -> Iterator[Signal]:
        did = self.learning.did
        ever: Mapping[int, set[str]] = self.certificates.ever
        active = self.certificates.active(self.desk.reader.as_of)
        for population in ("cloud-native", "engineers"):
            yield self._share(
                f"training.fundamentals_ratio{{population={population}}}",
                population,
                lambda p: did(p, Topic.FUNDAMENTALS, 0) or bool(ever.get(p)),
                either=True,
            )
        for topic, bit in _TOPICS.items():
            for population in ("cloud-native", "engineers", "operations", "ml"):
                key = f"training.topic_ratio{{topic={topic},population={population}}}"
                yield self._share(key, population, lambda p, bit=bit: did(p, bit, self._since(_TWO_YEARS)))  # type: ignore[misc]
        year, two = self._since(_YEAR), self._since(_TWO_YEARS)
        yield self._share(
            "training.active_learner_ratio_365d", "engineers", lambda p: did(p, Topic.LEARNED, year)
        )
        yield self._share("training.security_ratio_12m", "engineers", lambda p: did(p, Topic.SECURITY, year))
        yield self._share(
            "training.cn_security_ratio_24m",
            "engineers",
            lambda p: did(p, Topic.CN_SECURITY, two) or bool({"KCSA", "CKS"} & active.get(p, frozenset())),
            either=True,
        )
        yield self._share("training.manager_cn_ratio", "managers", lambda p: did(p, Topic.CLOUD_NATIVE, two))
        yield self._share("training.ops_cn_ratio", "operations", lambda p: did(p, Topic.CLOUD_NATIVE, two))
        yield self._share(
            "training.ai_literacy_ratio_12m", "ai-users", lambda p: did(p, Topic.AI_LITERACY, year)
        )
        yield from self._kinds(year)

    def _kinds(self, year: int) -> Iterator[Signal]:
        files = (*self.roster_files, *self.learning.files)
        key = "training.domain_coverage_ratio"
        if self.groups is None:
            yield self.desk.untold(key, "training", "the population is not declared: no roster")
        else:
            effort = self.groups.get("cloud-native")
            held = sum(any(self.learning.did(p, layer, year) for p in effort) for layer in LAYERS)
            if len(effort) < self.desk.cells.k:
                yield self.desk.untold(key, "training", "the group is too small to be told", Gap.NOT_VISIBLE)
            else:
                yield self.desk.told(
                    key, "training", Fraction(held, len(LAYERS)), files, "layers of the stack"
                )
        key = "training.source_diversity_count"
        if not self.learning.provided:
            yield self.desk.untold(key, "training", "the export names no provider")
            return
        used = sum(any(self.learning.did(p, kind, year) for p in self.learning.newest) for kind in KINDS)
        whole = not (self.learning.unread or self.learning.partial)
        told = used if whole else Interval(Fraction(used), Fraction(len(KINDS)))
        yield self.desk.told(key, "training", told, files, "kinds of source")

    def _certificates(self) -> Iterator[Signal]:
        source, files = "certifications", tuple(self.certificates.files)
        active = self.certificates.active(self.desk.reader.as_of)
        cells = self.desk.cells
        for cert in ("any", "cka-or-ckad", "kcna-or-kcsa"):
            key = f"training.cert_active_count{{cert={cert}}}"
            holders = sum(_holds(cert, codes) for codes in active.values())
            bucket = cells.bucket(holders)
            if self._open and bucket.low == 0:
                yield self.desk.untold(key, source, _PARTIAL, Gap.NOT_VISIBLE)
            else:
                bucket = Interval(bucket.low, None) if self._open else bucket
                yield self.desk.told(key, source, bucket, files, f"holders of {cert}")
        for cert in _HOLDERS:
            for population in _POPULATIONS:
                key = f"training.cert_holder_ratio{{cert={cert},population={population}}}"
                yield self._share(
                    key,
                    population,
                    lambda p, cert=cert: _holds(cert, active.get(p, frozenset())),  # type: ignore[misc]
                    certified=True,
                )
        yield self._spread(active)
        sound, total = self.certificates.verified(self.desk.reader.as_of)
        yield self.desk.share(
            "training.cert_verified_ratio", source, sound, total, files, "active certificate records"
        )
        yield from self._thresholds(active)

    def _spread(self, active: Mapping[int, frozenset[str]]) -> Signal:
        key, source = "training.cert_team_spread_ratio{cert=cka-or-ckad}", "certifications"
        if self.groups is None:
            return self.desk.untold(key, source, "teams are not known: no roster")
        teams = [found for found in self.groups.teams.values() if len(found) >= self.desk.cells.k]
        held = sum(any(_holds("cka-or-ckad", active.get(p, frozenset())) for p in found) for found in teams)
        cell = team_share(held, len(teams))
        if cell is None:
            return self.desk.untold(key, source, "fewer than three teams of five or more", Gap.NOT_VISIBLE)
        if self._open or self.strangers:
            cell = Interval(cell.low, Fraction(1))
        files = (*self.roster_files, *self.certificates.files)
        return self.desk.told(key, source, cell, files, f"teams of {self.desk.cells.k} or more")

    def _thresholds(self, active: Mapping[int, frozenset[str]]) -> Iterator[Signal]:
        """Yield the two yes-or-no answers about groups of k or more; a no covers nobody to k-1."""
        files, k = tuple(self.certificates.files), self.desk.cells.k
        all_five = sum(codes >= KUBESTRONAUT for codes in active.values())
        gap = sum("CKS" in codes and "CKA" not in codes for codes in self.certificates.ever.values())
        for key, number, what in (
            ("training.kubestronaut_at_least_5", all_five, "holders of all five"),
            ("training.cks_record_gap_at_least_5", gap, "CKS records without CKA"),
        ):
            if self._open and number < k:
                yield self.desk.untold(key, "certifications", _PARTIAL, Gap.NOT_VISIBLE)
            else:
                yield self.desk.told(key, "certifications", number >= k, files, what)


def _holds(cert: str, codes: frozenset[str]) -> bool:
    return bool(codes) if cert == "any" else bool(_CERTS[cert] & codes)
