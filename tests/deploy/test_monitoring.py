"""Alert rules and dashboard ask for nothing but what is exposed, with labels that it carries."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import promql_parser
import pytest
import yaml

from cnmm_reports.openmetrics import OpenMetricsRenderer
from golden.sample import view

DEPLOY = Path(__file__).parents[2] / "deploy"
RULES = yaml.safe_load((DEPLOY / "prometheus/alerts.yaml").read_text())["groups"][0]["rules"]
DASHBOARD = json.loads((DEPLOY / "grafana/dashboard.json").read_text())
SCRAPED = {"instance", "job"}


def exposed() -> dict[str, set[str]]:
    """Return the labels of every metric that a report writes."""
    text = OpenMetricsRenderer().render(view())["metrics.prom"].decode()
    found: dict[str, set[str]] = {}
    for line in text.splitlines():
        if not line.startswith("#"):
            found.setdefault(line.partition("{")[0], set()).update(re.findall(r'(\w+)="', line))
    return found


def selectors(expression: Any) -> Iterator[promql_parser.VectorSelector]:
    """Yield every selector in a parsed expression."""
    if isinstance(expression, promql_parser.VectorSelector):
        yield expression
    elif isinstance(expression, promql_parser.BinaryExpr):
        yield from selectors(expression.lhs)
        yield from selectors(expression.rhs)
    elif isinstance(expression, promql_parser.Call):
        for argument in expression.args:
            yield from selectors(argument)
    elif isinstance(expression, promql_parser.AggregateExpr | promql_parser.ParenExpr):
        yield from selectors(expression.expr)
    else:
        assert isinstance(expression, promql_parser.NumberLiteral), type(expression)


def asked(expression: str) -> Iterator[tuple[str, set[str]]]:
    """Yield (metric, labels matched or grouped by) of an expression; raises ValueError where it is none."""
    parsed = promql_parser.parse(expression)
    grouped = set(
        re.findall(r"by \(([^)]*)\)", expression)[:1]
        and re.findall(r"\w+", re.findall(r"by \(([^)]*)\)", expression)[0])
    )
    for one in selectors(parsed):
        yield one.name, {matcher.name for matcher in one.matchers.matchers} | grouped


EXPRESSIONS = [
    *(pytest.param(rule["expr"], id=rule["alert"]) for rule in RULES),
    *(
        pytest.param(target["expr"].replace("$organisation", ".*"), id=f"{panel['title']} {target['refId']}")
        for panel in DASHBOARD["panels"]
        for target in panel["targets"]
    ),
]


@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_expression_asks_for_what_is_exposed(expression: str) -> None:
    known = exposed()
    found = list(asked(expression))
    assert found
    for metric, labels in found:
        assert labels <= known[metric] | SCRAPED


@pytest.mark.parametrize(
    "broken", ["cnmm_headline_level", 'cnmm_findings{team="x"}', "sum by (team) (cnmm_findings)"]
)
def test_a_metric_or_label_that_is_not_exposed_is_found(broken: str) -> None:
    with pytest.raises((AssertionError, KeyError)):
        test_expression_asks_for_what_is_exposed(broken)


def test_every_alert_says_what_and_what_to_do() -> None:
    known = exposed()
    for rule in RULES:
        (labels,) = {frozenset(labels) for name, labels in known.items() if name in rule["expr"]}
        assert rule["labels"]["severity"] in ("info", "warning")
        used = set(re.findall(r"\$labels\.(\w+)", " ".join(rule["annotations"].values())))
        assert used <= labels and rule["annotations"]["description"].endswith(".")


def test_dashboard_holds_together() -> None:
    panels = DASHBOARD["panels"]
    assert len({panel["id"] for panel in panels}) == len(panels)
    assert all(panel["description"] and panel["title"] for panel in panels)
    cells = [
        (x, y)
        for place in (panel["gridPos"] for panel in panels)
        for x in range(place["x"], place["x"] + place["w"])
        for y in range(place["y"], place["y"] + place["h"])
    ]
    assert len(cells) == len(set(cells)) and max(x for x, _ in cells) < 24
    variables = {one["name"] for one in DASHBOARD["templating"]["list"]}
    used = set(re.findall(r"\$\{?(\w+)", json.dumps(DASHBOARD)))
    assert used == variables
