"""Signals of the smaller exports: pages, deployments, access reviews, roadmap pages, usage of assistants."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from cnmm_collectors.hosts.tracking import DAYS
from cnmm_collectors.signals import Gap, Interval, Reading, Signal, Unknown
from cnmm_collectors.work.answers import spread, uncovered, window
from cnmm_collectors.work.citing import Citer
from cnmm_collectors.work.others import Deployment, Others, Page
from cnmm_collectors.work.settings import Settings

PAGES = "host.page_out_of_hours_rate"
LEAD = "host.change_lead_time_hours_p50"
FAILED = "host.change_fail_ratio"
REVIEW = "iam.access_review_date"
ROADMAP = "catalog.platform_roadmap_date"
ASSISTANT = "host.ai_assistant_in_use"
SIGNALS = {
    "pages": (PAGES,),
    "deployments": (LEAD, FAILED),
    "access reviews": (REVIEW,),
    "wiki pages": (ROADMAP,),
    "assistant usage": (ASSISTANT,),
}
"""What each of the smaller exports answers, by its layout."""
_USE_DAYS = 28


@dataclass(frozen=True, slots=True)
class Records:
    """Answers the signals of the smaller exports; `failures` says by kind which files are unread."""

    others: Others
    settings: Settings
    citer: Citer
    as_of: date
    failures: Mapping[str, Unknown]

    def signals(self) -> Iterator[Signal]:
        """Yield a reading for each rota's team, each component, and the organisation."""
        yield from self._pages()
        yield from self._deployments()
        for key, reading in (
            (REVIEW, self._newest("access reviews", self.others.reviews, "no finished review of access")),
            (ROADMAP, self._newest("wiki pages", self.others.roadmaps, "no page of a platform roadmap")),
            (ASSISTANT, self._assistant()),
        ):
            yield Signal(key, self.citer.org, "work", reading)

    def _pages(self) -> Iterator[Signal]:
        by_team: dict[str, list[Page]] = defaultdict(list)
        for page in self.others.pages:
            by_team[page.team].append(page)
        for team, pages in sorted(by_team.items()):
            yield Signal(PAGES, self.citer.team(team), "work", self._rate(pages))

    def _rate(self, pages: list[Page]) -> Reading:
        unread = self.others.unread["pages"]
        moments = [page.at for page in self.others.pages]
        why = self.failures.get("oncall") or self.others.why("pages")
        why = why or uncovered(moments, self.as_of, DAYS)
        if why is not None:
            return why
        outside = 0
        for page in pages:
            rota = self.settings.rota(page.rota)
            if rota is None:
                return Unknown(
                    Gap.NOT_COLLECTED, "the rota's hours are not declared under collectors.work.rotas"
                )
            if not page.zoned:
                return Unknown(Gap.MALFORMED, "times of the export carry no zone")
            at = page.at.astimezone(rota.place)
            works = at.weekday() in rota.days and rota.begins <= at.hour < rota.ends
            outside += page.at >= window(self.as_of, DAYS) and not works
        low, high = Fraction(7 * outside, DAYS), Fraction(7 * (outside + unread), DAYS)
        told = low if low == high else Interval(low, high)
        return self.citer.of(self.others.files["pages"]).observed(told, "pages outside the rota's hours")

    def _deployments(self) -> Iterator[Signal]:
        by_component: dict[str, list[Deployment]] = defaultdict(list)
        since = window(self.as_of, DAYS)
        for one in self.others.deployments:
            if one.at >= since:
                by_component[one.component].append(one)
        moments = [one.at for one in self.others.deployments]
        why = self.failures.get("work") or self.others.why("deployments")
        why = why or uncovered(moments, self.as_of, DAYS)
        for name, found in sorted(by_component.items()):
            subject = self.citer.component(name)
            yield Signal(LEAD, subject, "work", why or self._lead(found))
            yield Signal(FAILED, subject, "work", why or self._failed(found))

    def _lead(self, found: list[Deployment]) -> Reading:
        hours = [
            Fraction(max(0, int((one.at - one.first_commit).total_seconds())), 3600)
            for one in found
            if one.first_commit is not None
        ]
        unread = len(found) - len(hours) + self.others.unread["deployments"]
        if not hours:
            return Unknown(Gap.NOT_COLLECTED, "the export does not say when a deployment's first commit was")
        if unread >= len(hours):
            return Unknown(
                Gap.NOT_COLLECTED, "half of the deployments or fewer say when their first commit was"
            )
        cite = self.citer.of(self.others.files["deployments"])
        return cite.observed(spread(hours, unread), "deployments to production")

    def _failed(self, found: list[Deployment]) -> Reading:
        open_ = sum(one.failed is None for one in found) + self.others.unread["deployments"]
        if all(one.failed is None for one in found):
            return Unknown(Gap.NOT_COLLECTED, "the export does not say which deployments failed")
        bad, whole = sum(bool(one.failed) for one in found), len(found) + self.others.unread["deployments"]
        low, high = Fraction(bad, whole), Fraction(bad + open_, whole)
        cite = self.citer.of(self.others.files["deployments"])
        return cite.observed(low if low == high else Interval(low, high), "deployments to production")

    def _newest(self, layout: str, days: list[date], none: str) -> Reading:
        files = self.others.files[layout]
        failure = self.failures.get("work") or self.others.why(layout)
        if failure is None and self.others.unread[layout]:
            failure = Unknown(Gap.MALFORMED, "rows of the export are unread: one of them may be newer")
        if days and failure is None:
            return self.citer.of(files).observed(max(days).isoformat(), layout)
        if failure is not None:
            return failure
        return Unknown(Gap.NOT_COLLECTED, none if files else f"needs a work export of {layout}")

    def _assistant(self) -> Reading:
        layout, since = "assistant usage", self.as_of - timedelta(days=_USE_DAYS)
        recent = [used for day, used in self.others.usage if day >= since]
        if any(recent):
            return self.citer.of(self.others.files[layout]).observed(True, layout)
        failure = self.failures.get("work") or self.others.why(layout)
        if failure is not None:
            return failure
        if recent and not self.others.unread[layout]:
            return self.citer.of(self.others.files[layout]).observed(False, layout)
        return Unknown(Gap.NOT_COLLECTED, "no usage report of an assistant covers the last 28 days")
