"""Casting: dates by column, states by the longest phrase, numbers with a comma."""

from __future__ import annotations

from datetime import date

import pytest

from cnmm_collectors.tables.cast import AmbiguousDates, Order, State, date_order, to_date, to_number, to_state


@pytest.mark.parametrize(
    ("text", "order", "want"),
    [
        ("2026-03-04", Order.DAY_FIRST, date(2026, 3, 4)),
        ("2026-03-04T10:00:00Z", Order.DAY_FIRST, date(2026, 3, 4)),
        ("04.03.2026", Order.MONTH_FIRST, date(2026, 3, 4)),
        ("03/04/2026", Order.DAY_FIRST, date(2026, 4, 3)),
        ("03/04/2026", Order.MONTH_FIRST, date(2026, 3, 4)),
        ("7/2/20 11:00:22", Order.MONTH_FIRST, date(2020, 7, 2)),
        ("01-Apr-2024", Order.DAY_FIRST, date(2024, 4, 1)),
        ("1. März 2024", Order.DAY_FIRST, date(2024, 3, 1)),
        ("12 février 2024", Order.DAY_FIRST, date(2024, 2, 12)),
        ("April 1, 2024", Order.DAY_FIRST, date(2024, 4, 1)),
        ("45383", Order.DAY_FIRST, date(2024, 4, 1)),
        ("1711929600000", Order.DAY_FIRST, date(2024, 4, 1)),
        ("31.02.2026", Order.DAY_FIRST, None),
        ("soon", Order.DAY_FIRST, None),
        ("", Order.DAY_FIRST, None),
    ],
)
def test_dates(text: str, order: Order, want: date | None) -> None:
    assert to_date(text, order) == want


def test_the_order_of_day_and_month_is_proven_or_asked_for() -> None:
    assert date_order(["03/04/2026", "25/04/2026"]) is Order.DAY_FIRST
    assert date_order(["03/04/2026", "04/25/2026"]) is Order.MONTH_FIRST
    assert date_order(["2026-01-02", "05/05/2026", ""]) is Order.DAY_FIRST
    with pytest.raises(AmbiguousDates, match="date_order"):
        date_order(["03/04/2026", "05/06/2026"])
    with pytest.raises(AmbiguousDates, match="some rows"):
        date_order(["25/04/2026", "04/25/2026"])


@pytest.mark.parametrize(
    ("text", "state"),
    [
        ("Completed", State.COMPLETED),
        ("Not Completed", State.STARTED),
        ("Incomplete", State.STARTED),
        ("not passed", State.FAILED),
        ("nicht bestanden", State.FAILED),
        ("bestanden", State.COMPLETED),
        ("réussi", State.COMPLETED),
        ("Not Started", State.ENROLLED),
        ("teilgenommen", State.ATTENDED),
        ("Attended", State.ATTENDED),
        ("No Show", State.WITHDRAWN),
        ("Exemption", State.EXEMPT),
        ("completado", State.COMPLETED),
        ("Purple", State.UNKNOWN),
    ],
)
def test_states_never_merge(text: str, state: State) -> None:
    assert to_state(text) is state


@pytest.mark.parametrize(
    ("text", "want"),
    [("1,5", 1.5), ("1.234,5", 1234.5), ("1,234", 1234.0), ("85 %", 85.0), ("n/a", None), ("1:30:00", None)],
)
def test_numbers(text: str, want: float | None) -> None:
    assert to_number(text) == want
