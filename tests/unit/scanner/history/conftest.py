"""Two real databases behind one fixture: every test of the history runs on both."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path

import pytest
from sqlalchemy import create_engine, text

from unit.scanner.history.server import account, programs, running

_NUMBERS = count()


@pytest.fixture(scope="session")
def postgres(require: Callable[[str, bool, str], None]) -> Iterator[Callable[[], str]]:
    """Give a function that makes an empty database and returns its URL."""
    folder, who = programs(), account()
    require("PostgreSQL", folder is not None and who is not None, "no initdb; tests/setup.sh installs it")
    assert folder is not None and who is not None
    with running(folder, who) as where:

        def make() -> str:
            name = f"history_{next(_NUMBERS)}"
            engine = create_engine(f"postgresql+psycopg:///postgres?{where}", isolation_level="AUTOCOMMIT")
            with engine.connect() as connection:
                connection.execute(text(f"CREATE DATABASE {name}"))
            engine.dispose()
            return f"postgresql:///{name}?{where}"

        yield make


@pytest.fixture(params=["sqlite", "postgresql"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Give what `--history` takes: a file that is not there yet, or an empty PostgreSQL database."""
    if request.param == "sqlite":
        return str(tmp_path / "kept" / "history.db")
    url: str = request.getfixturevalue("postgres")()
    return url
