"""Signals of learning and of certificates, over populations and teams."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from cnmm_collectors.people.certificates import CODES, KUBESTRONAUT, Certificates, golden_set
from cnmm_collectors.people.courses import KINDS, LAYERS, Topic
from cnmm_collectors.people.groups import Groups
from cnmm_collectors.people.learning import Learning, Span
from cnmm_collectors.people.telling import DECLARE, Desk, Unread
from cnmm_collectors.signals import Gap, Interval, Signal
from cnmm_collectors.tables.cells import team_share

_TOPICS = {
    "k8s-core": Topic.CORE,
    "ml-on-k8s": Topic.ML,
    "ai-ops": Topic.AI_OPS,
    "optimisation": Topic.OPTIMISATION,
}
_SHARES = (
    ("training.active_learner_ratio_365d", "engineers", Topic.LEARNED, Span.YEAR),
    ("training.security_ratio_12m", "engineers", Topic.SECURITY, Span.YEAR),
    ("training.manager_cn_ratio", "managers", Topic.CLOUD_NATIVE, Span.TWO_YEARS),
    ("training.ops_cn_ratio", "operations", Topic.CLOUD_NATIVE, Span.TWO_YEARS),
    ("training.ai_literacy_ratio_12m", "ai-users", Topic.AI_LITERACY, Span.YEAR),
)
_CN_SECURITY = frozenset({"KCSA", "CKS"})
_CERTS: Mapping[str, frozenset[str]] = {
    "any": CODES,
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
_PARTIAL = "a page, a file or rows of the certificate records are unread, or nobody says how many there are"


@dataclass(frozen=True, slots=True)
class Skills:
    """Answers the signals of training and certificates; without a roster shares have nothing to be of."""

    desk: Desk
    groups: Groups | None
    learning: Learning
    certificates: Certificates
    roster_files: tuple[tuple[str, str, str], ...]
    strangers: int = 0
    counted: bool = False

    def signals(self) -> Iterator[Signal]:
        """Yield every signal that exports of learning and of certificates answer."""
        if self.learning.completions:
            yield from self._learning()
        if self.certificates.files:
            yield from self._certificates()

    @property
    def _open(self) -> bool:
        """True where certificate records exist that were not read."""
        return self.certificates.partial or self.certificates.unread > 0

    @property
    def _hidden(self) -> bool:
        """True where somebody may hold what was not seen: records, or people of the roster, are unread."""
        return self._open or self._strange

    @property
    def _strange(self) -> bool:
        """True where people of the roster are unread, or nobody says how many there are."""
        return self.strangers > 0 or not self.counted

    def _share(
        self,
        key: str,
        population: str,
        hits: frozenset[int],
        *,
        certified: bool = False,
        either: bool = False,
    ) -> Signal:
        """Return the share of a population that `hits`; `either`: a certificate counts beside a course."""
        source = "certifications" if certified else "training"
        if self.groups is None:
            return self.desk.untold(key, source, "the population is not declared: no roster")
        people = self.groups.get(population)
        files = (*self.roster_files, *(self.certificates.files if certified else self.learning.files))
        read = self.certificates if certified else self.learning
        # A row that is missing may name a leader who was seen, and be one.
        strangers = 2 * self.strangers if population == "managers" else self.strangers
        unread = Unread(read.unread, strangers, read.partial, not self.counted)
        if either:
            held = self.certificates
            partial = read.partial or held.partial or not held.files
            unread = replace(unread, rows=read.unread + held.unread, files=partial)
        return self.desk.share(key, source, len(people & hits), len(people), files, population, unread)

    def _learning(self) -> Iterator[Signal]:
        learners = self.learning.learners
        active = self.certificates.active(self.desk.reader.as_of)
        fundamentals = learners(Topic.FUNDAMENTALS, Span.EVER) | self.certificates.ever.keys()
        for population in ("cloud-native", "engineers"):
            key = f"training.fundamentals_ratio{{population={population}}}"
            yield self._share(key, population, fundamentals, either=True)
        for topic, bit in _TOPICS.items():
            trained = learners(bit, Span.TWO_YEARS)
            for population in ("cloud-native", "engineers", "operations", "ml"):
                key = f"training.topic_ratio{{topic={topic},population={population}}}"
                yield self._share(key, population, trained)
        for key, population, bit, span in _SHARES:
            yield self._share(key, population, learners(bit, span))
        secured = learners(Topic.CN_SECURITY, Span.TWO_YEARS) | _holders(_CN_SECURITY, active)
        yield self._share("training.cn_security_ratio_24m", "engineers", secured, either=True)
        yield from self._kinds()

    def _kinds(self) -> Iterator[Signal]:
        files = (*self.roster_files, *self.learning.files)
        key = "training.domain_coverage_ratio"
        if self.groups is None:
            yield self.desk.untold(key, "training", "the population is not declared: no roster")
        else:
            effort = self.groups.get("cloud-native")
            held = sum(bool(effort & self.learning.learners(layer, Span.YEAR)) for layer in LAYERS)
            if len(effort) < self.desk.cells.k:
                yield self.desk.untold(key, "training", "the group is too small to be told", Gap.NOT_VISIBLE)
            else:
                share = Fraction(held, len(LAYERS))
                told = Interval(share, Fraction(1)) if self._may_miss_some else share
                yield self.desk.told(key, "training", told, files, "layers of the stack")
        key = "training.source_diversity_count"
        if not self.learning.provided:
            yield self.desk.untold(key, "training", "the export names no provider")
            return
        used = sum(bool(self.learning.learners(kind, Span.YEAR)) for kind in KINDS)
        kinds = Interval(Fraction(used), Fraction(len(KINDS))) if self._may_miss_some else used
        yield self.desk.told(key, "training", kinds, files, "kinds of source")

    @property
    def _may_miss_some(self) -> bool:
        """True where more may have been learned than was seen: unread rows, or no word on who belongs."""
        return bool(self.learning.unread or self.learning.partial or self.groups is None or self._strange)

    def _certificates(self) -> Iterator[Signal]:
        source, files = "certifications", tuple(self.certificates.files)
        active = self.certificates.active(self.desk.reader.as_of)
        cells = self.desk.cells
        for cert in ("any", "cka-or-ckad", "kcna-or-kcsa"):
            key = f"training.cert_active_count{{cert={cert}}}"
            bucket = cells.bucket(len(_holders(_CERTS[cert], active)))
            if self._hidden and bucket.low == 0:
                yield self.desk.untold(key, source, _PARTIAL, Gap.NOT_VISIBLE)
            else:
                bucket = Interval(bucket.low, None) if self._hidden else bucket
                yield self.desk.told(key, source, bucket, files, f"holders of {cert}")
        for cert in _HOLDERS:
            holders = _holders(_CERTS[cert], active)
            for population in _POPULATIONS:
                key = f"training.cert_holder_ratio{{cert={cert},population={population}}}"
                yield self._share(key, population, holders, certified=True)
        yield self._spread(active)
        sound, total = self.certificates.verified(self.desk.reader.as_of)
        yield self.desk.share(
            "training.cert_verified_ratio", source, sound, total, files, "active certificate records",
            Unread(strangers=self.certificates.unread, anybody=self.certificates.partial or self._strange),
        )  # fmt: skip
        yield from self._thresholds(active)

    def _spread(self, active: Mapping[int, frozenset[str]]) -> Signal:
        key, source = "training.cert_team_spread_ratio{cert=cka-or-ckad}", "certifications"
        if self.groups is None:
            return self.desk.untold(key, source, "teams are not known: no roster")
        teams = [found for found in self.groups.teams.values() if len(found) >= self.desk.cells.k]
        holders = _holders(_CERTS["cka-or-ckad"], active)
        held = sum(bool(found & holders) for found in teams)
        cell = team_share(held, len(teams))
        if cell is None:
            return self.desk.untold(key, source, "fewer than three teams of five or more", Gap.NOT_VISIBLE)
        if self._strange:
            return self.desk.untold(key, source, f"any team may be larger, or be missing: {DECLARE}")
        if self._open:
            cell = Interval(cell.low, Fraction(1))
        files = (*self.roster_files, *self.certificates.files)
        return self.desk.told(key, source, cell, files, f"teams of {self.desk.cells.k} or more")

    def _thresholds(self, active: Mapping[int, frozenset[str]]) -> Iterator[Signal]:
        """Yield the yes-or-no answers about groups of k or more; a no covers nobody to k-1."""
        files, k = tuple(self.certificates.files), self.desk.cells.k
        all_five = sum(codes >= KUBESTRONAUT for codes in active.values())
        as_of = self.desk.reader.as_of
        golden = golden_set(as_of)
        whole = sum(codes >= golden for codes in active.values())
        gap = sum("CKS" in codes and "CKA" not in codes for codes in self.certificates.ever.values())
        # A record that is missing may be the very one whose lack is counted.
        lack = "training.cks_record_gap_at_least_5"
        for key, number, what in (
            ("training.kubestronaut_at_least_5", all_five, "holders of all five"),
            ("training.golden_set_at_least_5", whole, f"holders of the {len(golden)} asked for on {as_of}"),
            (lack, gap, "CKS records without CKA"),
        ):
            if self._hidden and (number < k or key == lack):
                yield self.desk.untold(key, "certifications", _PARTIAL, Gap.NOT_VISIBLE)
            else:
                yield self.desk.told(key, "certifications", number >= k, files, what)


def _holders(codes: frozenset[str], active: Mapping[int, frozenset[str]]) -> frozenset[int]:
    """Return who holds one of the codes."""
    return frozenset(person for person, held in active.items() if held & codes)
