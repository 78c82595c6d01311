"""What every test may rely on: no personal settings, no deadline, no silent skip in CI."""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Iterator

import pytest
from hypothesis import settings


def in_ci() -> bool:
    """Say whether a missing part is a failure here."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


settings.register_profile("cnmm", deadline=None, derandomize=in_ci(), print_blob=True)
settings.load_profile("cnmm")


def pytest_configure() -> None:
    """Let Python search for cycles of objects as rarely as the program does: it takes a tenth of the time."""
    gc.set_threshold(70_000, 50, 100)


def require_part(part: str, ok: bool, why: str) -> None:
    """Go on when the part is there; otherwise skip with the reason, or fail under CI=true."""
    if ok:
        return
    message = f"{part} is missing: {why}"
    if in_ci():
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def require() -> Callable[[str, bool, str], None]:
    """Give `require(part, ok, why)`, which skips a test locally and fails it in CI."""
    return require_part


@pytest.fixture(scope="session", autouse=True)
def own_settings_only(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Hide the developer's git configuration, caches and state from every test and process."""
    home = tmp_path_factory.mktemp("home")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("GIT_CONFIG_GLOBAL", os.devnull)
        patch.setenv("GIT_CONFIG_NOSYSTEM", "1")
        for kind in ("CACHE", "CONFIG", "DATA", "STATE"):
            patch.setenv(f"XDG_{kind}_HOME", str(home / kind.lower()))
        yield
