"""One small organisation, written by hand: every outcome, cause and kind of hostile text a report must bear."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import date
from fractions import Fraction as F
from pathlib import Path
from typing import Any

from cnmm_collectors.evidence import Evidence, payload_digest
from cnmm_collectors.signals import (
    Absence, Basis, Disclosure, Gap, Parameter, Rollup, SignalSpec, Source, Unit,
)
from cnmm_collectors.subjects import Subject, SubjectKind
from cnmm_reports.view import ReportView, build_view
from cnmm_rules.assessment import Assessment, Finding, GapNote, NextEvidence, Outcome
from cnmm_rules.criteria import (
    AllOf, Applies, Catalogue, Compare, Confidence, Criterion, NOf, Present, Proof, Record,
    RecordKind, Role, Section,
)
from cnmm_rules.facts import Waiver
from cnmm_rules.levels import infer
from cnmm_rules.predicates import Leafed
from cnmm_rules.ranges import Comparison, Operator, Range
from cnmm_rules.rollup import Rolled

FROZEN = Path(__file__).parent / "expected" / "assessment.json"
ESC, RLO, LSEP = "\x1b[31mred\x1b[0m", "\u202egnp.exe\u202c", "\u2028"
SCRIPT = "</script><script>window.hacked=1</script>"
IMAGE = '<img src=x onerror="window.hacked=2">'
HOSTILE = f"{SCRIPT}{IMAGE}]]>--><!-- =cmd()|'/c calc'!A1 {ESC} {RLO}{LSEP}\x00\x07 @everyone [x](javascript:alert(1)) `{{{{7*7}}}}`"
ORG = Subject(SubjectKind.ORG, "acme")
TEAMS = tuple(Subject(SubjectKind.TEAM, f"acme/{name}") for name in ("checkout", "payments", "platform"))

SECTIONS = (
    Section("overview", "Introduction", False, False),
    Section("org", "Organisation", True, True),
    Section("teams", "Teams and decentralisation", True, True),
    Section("upskilling", "Learning", True, True),
    Section("security", "Security", True, True),
    Section("culture", "Culture", True, True),
    Section("ai", "Artificial intelligence", True, False, 4),
    Section("certs", "Certificates", False, False),
)


def _signal(id: str, title: str, source: str, permission: str, unit: Unit = Unit.BOOL) -> SignalSpec:
    rollup = {Unit.BOOL: Rollup.SHARE, Unit.STATE: Rollup.DIRECT}.get(unit, Rollup.P50)
    return SignalSpec(
        id, title, f"{title}, for each active component.", unit, SubjectKind.COMPONENT, rollup,
        Absence.INELIGIBLE, Disclosure.STRUCTURAL, (Source(source, 1, Basis.EFFECTIVE, permission),),
        high=F(1), parameters=(Parameter("kind", pattern="[a-z]+"),) if id == "docs.runbook_ratio" else (),
    )


READ, HR, KUBE = "clone (contents: read)", "monthly export with columns team, course, date", "list pods and policies"
SIGNALS = {
    spec.id: spec
    for spec in (
        _signal("ci.shared_workflow_ratio", "Builds through shared workflows", "git", READ),
        _signal("ci.image_scan_ratio", "Scans images before release", "git", READ),
        _signal("docs.runbook_ratio", "Has a runbook", "git", READ),
        _signal("docs.lag_days", "Documents lag behind their code", "git", READ, Unit.DAYS),
        _signal("codeowners.covered_ratio", "Paths have an owner", "git", READ),
        _signal("git.boilerplate_duplicate_ratio", "Copied boilerplate", "git", READ),
        _signal("hr.training_ratio", "Engineers trained in the last year", "hr", HR),
        _signal("k8s.mtls_ratio", "Traffic under mutual TLS", "kube", KUBE),
        _signal("survey.trust_mean", "Trust between teams", "survey", "group means of 5 or more"),
        _signal("ml.model_card_ratio", "Models carry a card", "git", READ),
    )
}


def _at_least(key: str, bound: F) -> Compare:
    return Compare(key, Comparison(Operator.ABOVE, bound))


def _row(
    id: str, role: Role, statement: str, key: str, bound: F = F(1, 2),
    confidence: Confidence = Confidence.STRONG, **more: Any,
) -> Criterion:
    section, level = id.split(".")[:2]
    test = more.pop("test", None) or _at_least(key, bound)
    fields: dict[str, Any] = {
        "id": id, "section": section, "level": int(level.removeprefix("L")) if level != "G" else 0,
        "line": 1, "statement": statement, "role": role, "importance": 3 if role is Role.KEY else 2,
        "confidence": confidence, "proof": Proof.MACHINE, "organisation": Applies(test, 3),
        "team": Applies(test, 1), "applicable": None, "counter": (), "corroboration": None,
        "window_days": 180, "retires_at": None, "implied_by": (),
        "reason": "More than half is `largely` on the usual scale; the cut is a convention.",
        "sources": ("ISO33020",), "meaning": f"When met: {statement[:1].lower()}{statement[1:]}",
        "next_step": "Start with the component that changes most often.",
        "prompts": ("Who would notice if this stopped?", "Show the last time it mattered."),
    }
    return Criterion(**{**fields, **more})


def _record(name: str, kind: RecordKind = RecordKind.EITHER) -> Record:
    return Record(name, kind, 365)


def _rows() -> tuple[Criterion, ...]:
    return (
        _row("overview.L1.goals-stated", Role.RATED, "Leaders say what they expect from cloud native work.", "",
             test=_record("business-case"), proof=Proof.ATTESTATION, team=None, confidence=Confidence.MODERATE),
        _row("org.L1.first-delivery", Role.KEY, "A first workload is delivered in containers.", "ci.image_scan_ratio", F(0)),
        _row("org.L1.silos", Role.MARKER, "Work waits in queues between silos.", "codeowners.covered_ratio", F(9, 10)),
        _row("org.L2.owners-known", Role.KEY, "Every service has an owner that can be found.", "codeowners.covered_ratio"),
        _row("org.L2.informal-group", Role.SUPPORT, "An informal group shares practice.", "docs.runbook_ratio{kind=platform}",
             retires_at=4),
        _row("org.L3.practices-encoded", Role.KEY, "Good practice is kept as code that teams reuse by reference.", "",
             test=AllOf((_at_least("ci.shared_workflow_ratio", F(1, 2)),
                         NOf(1, (_at_least("codeowners.covered_ratio", F(17, 20)),
                                 Present("docs.runbook_ratio{kind=platform}", "a platform runbook"))))),
             counter=(Compare("git.boilerplate_duplicate_ratio", Comparison(Operator.ABOVE, F(1, 2)), None,
                              "copied instead of reused"),)),
        _row("org.L4.metrics-steer", Role.KEY, "Delivery measures steer what is changed next.", "docs.lag_days", F(30)),
        _row("org.L5.adopt-and-discard", Role.KEY, "Tools come and go quickly, by value.", "", test=_record("tech-radar"),
             team=None, proof=Proof.ATTESTATION),
        _row("teams.L1.runbooks", Role.KEY, "Teams write down how they run what they own.", "docs.runbook_ratio{kind=service}"),
        _row("teams.L1.workarounds", Role.SUPPORT, f"Workarounds are written down {IMAGE}.", "docs.lag_days", F(90),
             reason=HOSTILE, meaning=HOSTILE, prompts=(HOSTILE,), retires_at=2),
        _row("teams.L2.self-service", Role.KEY, "Teams deploy without asking another team.", "ci.shared_workflow_ratio"),
        _row("teams.L3.autonomy", Role.KEY, "Teams decide and answer for their own architecture.", "codeowners.covered_ratio"),
        _row("upskilling.L1.first-courses", Role.KEY, "The first engineers were trained.", "hr.training_ratio", F(0), team=None),
        _row("upskilling.L2.most-trained", Role.KEY, "Most engineers were trained within a year.", "hr.training_ratio"),
        _row("security.L1.guidance", Role.KEY, "Security guidance is written down where engineers look.", "docs.runbook_ratio{kind=security}"),
        _row("security.L2.images-scanned", Role.KEY, "Images are scanned before they are released.", "ci.image_scan_ratio"),
        _row("security.L2.mutual-tls-owned", Role.RATED, "Traffic between services is encrypted on both ends.", "k8s.mtls_ratio", F(3, 20)),
        _row("security.L3.policy-as-code", Role.KEY, "Policy is code that the platform enforces.", "k8s.mtls_ratio"),
        _row("culture.L1.talks", Role.RATED, "People talk about how they work.", "survey.trust_mean", proof=Proof.SURVEY,
             confidence=Confidence.WEAK, team=None),
        _row("culture.L2.trust", Role.KEY, "People trust other teams with their services.", "survey.trust_mean",
             proof=Proof.SURVEY, confidence=Confidence.WEAK, team=None),
        _row("ai.L1.cards", Role.KEY, "Models say what they are for.", "ml.model_card_ratio", team=None),
        _row("certs.L2.some-certified", Role.INFO, "Some engineers hold a certificate.", "hr.training_ratio", team=None),
    )


CATALOGUE = Catalogue(
    "cnmm-people", "2026.11", "People dimension", SECTIONS, _rows(), SIGNALS,
    {"ISO33020": "Bands of achievement at 15, 50 and 85 % <b>(ISO/IEC 33020)</b>", "PEMM": "Platform model"},
    ("org.L4.metrics-steer: threshold 30 instead of 60 days", f"hostile overlay {SCRIPT}"),
    {"ai.L1.cards": "no models are built here"},
)


def _evidence(number: int, **more: str) -> Evidence:
    commit = f"{number:040x}"
    fields: dict[str, str] = {
        "source": "git", "path": f"services/{number}/CODEOWNERS", "lines": f"L{number}-L{number + 4}", "commit": commit,
        "locator": f"https://git.example/acme/app-{number}/blob/{commit}/services/{number}/CODEOWNERS#L{number}",
        "query": "git ls-tree -r HEAD", "digest": payload_digest(str(number).encode()),
        "captured_at": "2026-11-21T08:00:00Z", "confirmed_at": "2026-11-22T08:00:00Z", "collector": "git 0.1.0",
        "native_id": f"{number + 7:040x}", "excerpt": f"/services/{number}/  <person>\n/docs/  @acme/team-{number}",
    }
    return Evidence(**{**fields, **more})


EVIDENCE = tuple(_evidence(number) for number in range(1, 31)) + (
    _evidence(31, excerpt=f"\ud800{HOSTILE}"[:600], path=f"docs/{RLO}.md", locator=f"javascript:alert(1)//{SCRIPT}"),
    _evidence(32, locator="https://git.example/acme/%22onmouseover=alert(1)%22/(a)|b", excerpt="=cmd()|'/c calc'!A1\n+1\n-1\n@SUM(A1)"),
    _evidence(33, locator='https://git.example/"onmouseover="alert(1)', excerpt=f"{ESC}\r\nsecond line"),
    _evidence(34, source="kube", locator="GET /apis/policy/v1 status 200", query="kubectl get policies -A", path="", commit="", lines="",
              native_id="resourceVersion 4711", excerpt="mtls: STRICT"),
)
IDS = tuple(item.id for item in EVIDENCE)


def _leaf(key: str, threshold: str, truth: bool | None, low: F, high: F | None, seen: int = 8, declared: int | None = 12,
          **more: Any) -> Leafed:
    return Leafed(key, threshold, truth, Rolled(Range(low, high), seen, declared), **more)


def _finding(criterion: str, outcome: Outcome, why: str, *tests: Leafed, evidence: tuple[str, ...] = (), total: int | None = None,
             gaps: tuple[GapNote, ...] = (), subject: Subject = ORG, **more: Any) -> Finding:
    counters = tuple(test for test in tests if test.counter)
    plain = tuple(test for test in tests if not test.counter)
    return Finding(
        criterion, subject, outcome, outcome is Outcome.MET, outcome not in (Outcome.UNMET, Outcome.NOT_APPLICABLE),
        why, plain, counters, evidence, len(evidence) if total is None else total, more.pop("against", ()), gaps, **more,
    )


def _gap(signal: str, cause: Gap, count: int, needs: str, detail: str = "") -> GapNote:
    return GapNote(signal, cause.value, count, detail, needs)


PASSES, FAILS = "the whole range passes the threshold", "the whole range misses the threshold"
EITHER, NOTHING = "what is unread could decide either way", "nothing has been read for this row"
NO_HR = (_gap("hr.training_ratio", Gap.NOT_COLLECTED, 1, f"hr: {HR}"),)
NO_KUBE = (_gap("k8s.mtls_ratio", Gap.NOT_PERMITTED, 4, f"kube: {KUBE}", f"403 for namespaces {ESC} {SCRIPT}"),)
NO_SURVEY = (_gap("survey.trust_mean", Gap.NOT_COLLECTED, 1, "survey: group means of 5 or more"),)


def _own() -> tuple[Finding, ...]:
    unread = _leaf("hr.training_ratio", "> 0.5", None, F(0), F(1), 0, None)
    return (
        _finding("overview.L1.goals-stated", Outcome.CLAIMED, "rests on a statement that is not proof",
                 _leaf("record.either.business-case", "either record at most 365 days old", None, F(0), F(1), 1, 1, claimed=True),
                 evidence=IDS[:1], gaps=(_gap("record.either.business-case", Gap.STALE, 1, "an artefact with digest, date, owner and reviewer"),)),
        _finding("org.L1.first-delivery", Outcome.MET, PASSES, _leaf("ci.image_scan_ratio", "> 0", True, F(7, 12), F(11, 12)),
                 evidence=IDS[:20], total=131),
        _finding("org.L1.silos", Outcome.MET, PASSES, _leaf("codeowners.covered_ratio", "> 0.9", True, F(92, 100), F(1)), evidence=IDS[3:5]),
        _finding("org.L2.owners-known", Outcome.MET, PASSES, _leaf("codeowners.covered_ratio", "> 0.5", True, F(92, 100), F(1)), evidence=IDS[5:9]),
        _finding("org.L2.informal-group", Outcome.UNMET, FAILS, _leaf("docs.runbook_ratio{kind=platform}", "> 0.5", False, F(0), F(1, 3)),
                 evidence=IDS[9:11], waiver=Waiver("org.L2.informal-group", ORG, f"a new group forms in spring {IMAGE}", "head of platform",
                                                   "internal audit", date(2027, 3, 31))),
        _finding("org.L3.practices-encoded", Outcome.CONTESTED, "support and counter-evidence together",
                 _leaf("ci.shared_workflow_ratio", "> 0.5", True, F(2, 3), F(1)), _leaf("codeowners.covered_ratio", "> 0.85", True, F(92, 100), F(1)),
                 _leaf("git.boilerplate_duplicate_ratio", "> 0.5", True, F(3, 5), F(4, 5), counter=True, says="copied instead of reused"),
                 evidence=IDS[11:13], against=IDS[13:15]),
        _finding("org.L4.metrics-steer", Outcome.UNKNOWN, EITHER, _leaf("docs.lag_days", "> 30", None, F(4), None), evidence=IDS[15:16],
                 gaps=(_gap("docs.lag_days", Gap.UNREACHABLE, 4, f"git: {READ}", "time-out after 60 s"),)),
        _finding("org.L5.adopt-and-discard", Outcome.UNKNOWN, NOTHING,
                 _leaf("record.either.tech-radar", "either record at most 365 days old", None, F(0), F(1), 0, None),
                 gaps=(_gap("record.either.tech-radar", Gap.NOT_COLLECTED, 1, "an artefact with digest, date, owner and reviewer"),)),
        _finding("teams.L1.runbooks", Outcome.MET, "implied by teams.L2.self-service",
                 _leaf("docs.runbook_ratio{kind=service}", "> 0.5", False, F(1, 10), F(2, 5)), evidence=IDS[16:18],
                 implied_by="teams.L2.self-service", conflict="its own test is unmet", against=IDS[18:19]),
        _finding("teams.L1.workarounds", Outcome.MET, HOSTILE, _leaf("docs.lag_days", f"> 90 {IMAGE}", True, F(91), F(120)), evidence=IDS[30:33]),
        _finding("teams.L2.self-service", Outcome.MET, PASSES, _leaf("ci.shared_workflow_ratio", "> 0.5", True, F(2, 3), F(1)), evidence=IDS[19:21]),
        _finding("teams.L3.autonomy", Outcome.UNMET, FAILS, _leaf("codeowners.covered_ratio", "> 0.5", False, F(1, 5), F(2, 5)), evidence=IDS[21:23]),
        _finding("upskilling.L1.first-courses", Outcome.UNKNOWN, NOTHING, unread, gaps=NO_HR),
        _finding("upskilling.L2.most-trained", Outcome.UNKNOWN, NOTHING, unread, gaps=NO_HR),
        _finding("security.L1.guidance", Outcome.MET, "an auditor decided: seen in the wiki",
                 _leaf("docs.runbook_ratio{kind=security}", "> 0.5", None, F(1, 3), F(2, 3)), evidence=IDS[23:25], adjudicated="seen in the wiki"),
        _finding("security.L2.images-scanned", Outcome.MET, PASSES, _leaf("ci.image_scan_ratio", "> 0.5", True, F(7, 12), F(11, 12)), evidence=IDS[25:29]),
        _finding("security.L2.mutual-tls-owned", Outcome.UNKNOWN, EITHER, _leaf("k8s.mtls_ratio", "> 0.15", None, F(0), F(2, 5), 6, 10),
                 evidence=IDS[33:34], gaps=NO_KUBE),
        _finding("security.L3.policy-as-code", Outcome.UNKNOWN, EITHER, _leaf("k8s.mtls_ratio", "> 0.5", None, F(0), F(4, 5), 6, 10), gaps=NO_KUBE),
        _finding("culture.L1.talks", Outcome.UNKNOWN, NOTHING, _leaf("survey.trust_mean", "> 0.5", None, F(0), F(1), 0, None), gaps=NO_SURVEY),
        _finding("culture.L2.trust", Outcome.UNKNOWN, NOTHING, _leaf("survey.trust_mean", "> 0.5", None, F(0), F(1), 0, None), gaps=NO_SURVEY),
        _finding("ai.L1.cards", Outcome.NOT_APPLICABLE, "declared not applicable: no models are built here",
                 _leaf("ml.model_card_ratio", "> 0.5", False, F(0), F(0), 12, 12), evidence=IDS[29:30], adjudicated="the register was seen"),
        _finding("certs.L2.some-certified", Outcome.UNKNOWN, NOTHING, unread, gaps=NO_HR),
    )


def _of_team(number: int, team: Subject) -> tuple[Finding, ...]:
    found = []
    outcomes = (Outcome.MET, Outcome.UNKNOWN, Outcome.UNMET)
    for position, row in enumerate(row for row in CATALOGUE.criteria if row.team is not None):
        outcome = outcomes[(position * (number + 1)) % 3]
        truth = {Outcome.MET: True, Outcome.UNMET: False}.get(outcome)
        low, high = {True: (F(3, 4), F(1)), False: (F(0), F(1, 4))}.get(truth, (F(1, 4), F(3, 4)))
        why = {True: PASSES, False: FAILS}.get(truth, EITHER)
        test = _leaf("ci.shared_workflow_ratio", "> 0.5", truth, low, high, 3, 4)
        gaps = () if truth is not None else (_gap("ci.shared_workflow_ratio", Gap.UNREACHABLE, 1, f"git: {READ}"),)
        found.append(_finding(row.id, outcome, why, test, evidence=IDS[position:position + 2], gaps=gaps, subject=team))
    return tuple(found)


def _states(found: tuple[Finding, ...]) -> tuple[Any, ...]:
    by_row = {finding.criterion: finding for finding in found}
    return tuple(infer(section, CATALOGUE.of_section(section.id), by_row) for section in SECTIONS)


def assessment() -> Assessment:
    """Return the assessment as the engine would have it."""
    own = _own()
    teams = [_of_team(number, team) for number, team in enumerate(TEAMS)]
    findings = sorted(own, key=lambda finding: finding.criterion)
    for team in teams:
        findings.extend(sorted(team, key=lambda finding: finding.criterion))
    return Assessment(
        organisation="acme", as_of="2026-11-22", period=("2026-05-26", "2026-11-22"), complete=True,
        catalogue={"id": CATALOGUE.id, "version": CATALOGUE.version, "title": CATALOGUE.title, "criteria": len(CATALOGUE.criteria),
                   "deviations": list(CATALOGUE.deviations), "not_applicable": dict(CATALOGUE.not_applicable or {})},
        scope={"declared_by": "enumeration", "repositories": 12, "repositories_read": 8, "components": 31, "repos_declared": 12},
        sections=_states(own), teams=tuple((team, _states(found)) for team, found in zip(TEAMS, teams, strict=True)),
        findings=tuple(findings), evidence=tuple(sorted(EVIDENCE, key=lambda item: item.id)),
        next_evidence=(
            NextEvidence("hr", ("hr.training_ratio",), f"hr: {HR}", 3, (), {"upskilling": (0, 5, 2, 0)}, ("upskilling.L1.first-courses",)),
            NextEvidence("survey", ("survey.trust_mean",), "survey: group means of 5 or more", 2, ("hr",), {"culture": (0, 2, 2, 0)}, ("culture.L1.talks",)),
            NextEvidence("kube", ("k8s.mtls_ratio",), f"kube: {KUBE}", 2, ("hr", "survey"), {"security": (2, 3, 3, 2)}),
            NextEvidence("artefacts", ("record.either.tech-radar",), "an artefact with digest, date, owner and reviewer", 1, ("hr", "survey", "kube"), {}),
        ),
        ledger={"requested": 120, "received": 111, "skipped": 5, "failed": 4, "by_source": [
            {"source": "git", "unit": "repository", "requested": 12, "received": 8, "skipped": 0, "failed": 4},
            {"source": "git", "unit": "blob", "requested": 108, "received": 103, "skipped": 5, "failed": 0}],
            "losses_total": 40, "losses": [
            {"source": "git", "unit": "repository", "about": "repo:acme/old", "cause": "unreachable", "detail": "no answer", "requested": 1, "failed": 1},
            {"source": "people", "unit": "file", "about": "<b>cost.csv", "cause": "malformed", "detail": "=1+1\u202e | \x1b[31mred", "requested": 1, "failed": 1},
            {"source": "people", "unit": "roster row", "about": "roster.csv", "cause": "quarantined", "detail": "line 7: column start_date: not a date", "requested": 40, "failed": 3}]},
        shares={"weak_inference": F(1, 20), "convention": F(3, 10), "self_attested": F(1, 250)},
    )


def document() -> dict[str, Any]:
    """Return the output contract of the sample, as it was frozen: a change of the rules does not reach the renderers' files."""
    loaded: dict[str, Any] = json.loads(FROZEN.read_text("ascii"))
    return loaded


def view() -> ReportView:
    """Return what every renderer is given."""
    return build_view(document(), CATALOGUE)


def bare() -> Assessment:
    """Return the sample as it looks when nothing was read: no evidence, no team, nobody declares the population."""
    found = tuple(
        replace(finding, outcome=Outcome.UNKNOWN, proven=False, possible=True, evidence=(), evidence_total=0, counter_evidence=(),
                why=NOTHING, waiver=None, adjudicated="", implied_by="", conflict="",
                gaps=(_gap("ci.image_scan_ratio", Gap.UNREACHABLE, 1, f"git: {READ}"),))
        for finding in _own()
    )
    return replace(
        assessment(), sections=_states(found), teams=(), findings=found, evidence=(), complete=False,
        scope={"declared_by": "given targets", "repositories": 0, "repositories_read": 0, "components": 0},
        shares={"weak_inference": F(1, 20), "convention": F(3, 10), "self_attested": F(0)},
    )
