"""Each right of the role taken away from an account, one after another: nothing is told that was not, or gone."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any

from cnmm_collectors.kubernetes import resources as known
from cnmm_collectors.signals import Reading
from contract.judging import tells_no_more
from doubles.kubernetes.server import ApiServer, refuse
from unit.collectors.kubernetes.conftest import Run, Seen

sys.path.insert(0, str(Path(__file__).parents[4] / "examples" / "acme"))
from recipe import clusters


def readings(seen: Seen) -> dict[tuple[str, str], Reading]:
    return {(one.key, str(one.subject)): one.reading for one in seen.signals}


def told(seen: Seen) -> set[tuple[str, str, str]]:
    return {(one.attribute, one.value, one.person) for one in seen.people}


def test_no_right_that_is_withheld_tells_more(api: ApiServer, run: Run, tmp_path: Path) -> None:
    """The sample's larger cluster: every kind it holds or the role names among what it serves."""
    api.add(*clusters.PROD)
    for name, raw in clusters.metrics().items():
        (tmp_path / name).write_bytes(raw)
    given: dict[str, Any] = dict(clusters.SETTINGS)
    given |= {"context": "test", "facts": (("metrics", str(tmp_path / "metrics-prod.json")),)}
    given["clusters"] = [{"context": "test", "name": "prod", "env": "production"}]
    base = run(**given)
    whole, facts = readings(base), told(base)
    served = {plural for _, plural in api.objects} | {one.plural for one in known.EVERYTHING if one.version}
    rights = [f"/{plural}" for plural in served] + [f"/configmaps/{one.name}" for one in known.DOCUMENTS]
    assert len(rights) > 25
    faults = []
    for right in sorted([*rights, "/apis", "/api"]):
        api.faults = {right: refuse(403)}
        seen = run(**given)
        part = readings(seen)
        faults += [(right, *at) for at, one in part.items() if not tells_no_more(one, whole.get(at))]
        if right != "/namespaces":
            faults += [(right, "gone", *at) for at in whole.keys() - part.keys()]
        if facts - told(seen) and not told(seen) - facts:
            faults.append((right, "fewer facts for joins, and nothing that says so"))
    assert faults == []
