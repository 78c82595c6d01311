"""Nothing about one person gets out: by cells, by differences of cells, or by words."""

from __future__ import annotations

import itertools
import os
import random
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings
from hypothesis import strategies as st

from cnmm_collectors.people.opinions import _mean as mean_of
from cnmm_collectors.signals import Interval
from cnmm_collectors.tables.cells import Cells, team_share
from doubles.kubernetes.objects import Object, custom, namespace, node, pod, workload
from doubles.kubernetes.server import ApiServer, refuse

K = 5
GROUPS = st.integers(min_value=0, max_value=120)


@given(GROUPS, GROUPS)
def test_a_share_holds_the_truth_and_one_person_either_side(hits: int, group: int) -> None:
    hits = min(hits, group)
    cell = Cells(K).share(hits, group)
    if group < K:
        assert cell is None
        return
    assert cell is not None
    assert cell.high is not None
    assert cell.low <= Fraction(max(0, hits - 1), group)
    assert cell.high >= Fraction(min(group, hits + 1), group)


@given(st.integers(min_value=K, max_value=120))
def test_nobody_and_everybody_look_like_others(group: int) -> None:
    cells = Cells(K)
    shown = [cells.share(hits, group) for hits in range(group + 1)]
    assert all(one == shown[0] for one in shown[:K])
    assert all(one == shown[-1] for one in shown[-K:])


@given(st.integers(min_value=K, max_value=120), st.integers(min_value=0, max_value=120))
def test_a_group_is_told_by_its_step_alone(group: int, hits: int) -> None:
    cells, first = Cells(K), group // K * K
    hits = min(hits, first)
    assert len({cells.share(hits, one) for one in range(max(first, hits), first + K)}) == 1


@given(st.integers(K, 80), st.integers(1, 7))
def test_a_group_of_one_mind_looks_like_others(people: int, answer: int) -> None:
    """Whoever knows how many answered must not learn what each of them said."""
    told = mean_of([answer] * people, 0, K)
    if answer in (1, 7):
        step = 1 if answer == 1 else -1
        others = [answer] * (people - K) + [answer + step] * K
    else:
        others = [answer] * (people - 2) + [answer - 1, answer + 1]
    spread = sum((one - answer) ** 2 for one in others) / (people - 1)
    if answer in (1, 7) or spread <= 0.25:
        assert mean_of(others, 0, K) == told


@given(GROUPS, GROUPS, GROUPS, GROUPS, GROUPS)
def test_what_is_told_of_a_part_holds_what_the_whole_would_tell(
    hits: int, group: int, hidden: int, among_them: int, unread: int
) -> None:
    hits, among_them = min(hits, group), min(among_them, hidden)
    less = Cells(K).share(hits, group, unread=unread, strangers=hidden)
    whole = Cells(K).share(min(hits + among_them + unread, group + hidden), group + hidden)
    if less is None or whole is None:
        return
    assert less.low <= whole.low
    assert (less.high or 0) >= (whole.high or 0)


@given(st.integers(K, 60), GROUPS, st.integers(0, 40), st.integers(0, 40))
def test_what_is_missing_tells_no_more_than_a_step_of_anything(
    group: int, hits: int, unread: int, hidden: int
) -> None:
    """Declared-minus-seen remainders are cells too: each may be any number of its own step."""
    cells, first = Cells(K), group // K * K
    hits = min(hits, first - K) // K * K

    def alike(number: int) -> range:
        return range(max(0, (number - 1) // K * K + 1), -(-number // K) * K + 1)

    told = {
        cells.share(hits + more, first + members, unread=lost, strangers=gone)
        for more, members in ((0, 0), (K - 1, K - 1))
        for lost in (alike(unread)[0], alike(unread)[-1])
        for gone in (alike(hidden)[0], alike(hidden)[-1])
        if hits + more <= first + members
    }
    assert len(told) == 1


def published(world: tuple[int, ...]) -> tuple[object, ...]:
    """Return everything that is told of a world; atoms by (in the inner group, holds A, holds B)."""
    cells = Cells(K)
    atoms = dict(zip(itertools.product((False, True), repeat=3), world, strict=True))

    def count(*wanted: bool | None) -> int:
        return sum(
            number
            for atom, number in atoms.items()
            if all(want is None or want == has for want, has in zip(wanted, atom, strict=True))
        )

    def either(inner: bool | None) -> int:
        return count(inner, True, None) + count(inner, None, True) - count(inner, True, True)

    whole, inner = count(None, None, None), count(True, None, None)
    told: list[object] = [cells.count(whole)]
    for about, size in ((None, whole), (True, inner)):
        for hits in (count(about, True, None), count(about, None, True), either(about)):
            told.append(cells.share(hits, size))
    told += [cells.bucket(count(None, True, None)), cells.bucket(either(None))]
    told += [cells.step(whole), cells.step(inner)]
    return tuple(told)


def _neighbours(world: tuple[int, ...], at: int) -> Iterator[tuple[int, ...]]:
    """Yield worlds that differ in one count, the others moved by a few so that totals can stay."""
    for other in range(len(world)):
        for value in range(12):
            for moved in range(-6, 7):
                if value != world[at] and world[other] + moved >= 0 and (other != at or moved == 0):
                    changed = list(world)
                    changed[other] += moved
                    changed[at] = value
                    yield tuple(changed)
    for one, two in itertools.permutations([n for n in range(len(world)) if n != at], 2):
        for value in (world[at] - 1, world[at] + 1):
            for moved in range(-3, 4):
                changed = list(world)
                changed[at] = value
                changed[one] += moved
                changed[two] += world[at] - value - moved
                if min(changed) >= 0:
                    yield tuple(changed)
    yield from _exchanges(world, at)


def _exchanges(world: tuple[int, ...], at: int) -> Iterator[tuple[int, ...]]:
    """Yield worlds of the same size in which one or two people of each of four kinds are of another kind."""
    others = [number for number in range(len(world)) if number != at]
    for value in (1, -1, 2, -2):
        for three in itertools.combinations(others, 3):
            for moves in itertools.product((-2, -1, 0, 1, 2), repeat=3):
                if sum(moves) == -value:
                    changed = list(world)
                    changed[at] += value
                    for place, move in zip(three, moves, strict=True):
                        changed[place] += move
                    if min(changed) >= 0:
                        yield tuple(changed)


@settings(max_examples=60, deadline=None)
@given(st.tuples(*[st.integers(min_value=0, max_value=14)] * 8))
def test_no_count_below_k_can_be_recovered(world: tuple[int, ...]) -> None:
    """Every count of 1 to k-1, and of every cut, has another value that everything told fits as well."""
    seen = published(world)
    for at, number in enumerate(world):
        if 1 <= number < K:
            assert any(published(other) == seen for other in _neighbours(world, at)), (world, at)


@given(st.integers(min_value=0, max_value=60), st.integers(min_value=0, max_value=60))
def test_a_share_of_teams_is_wider_than_one_team(hits: int, teams: int) -> None:
    cell = team_share(min(hits, teams), teams)
    assert (cell is None) == (teams < 3)
    if cell is not None:
        assert cell.high is not None
        assert cell.high - cell.low >= Fraction(1, teams)


def test_small_numbers_are_all_the_same() -> None:
    cells = Cells(K)
    low = Interval(Fraction(0), Fraction(K - 1))
    assert {cells.count(n) for n in range(K)} == {low}
    assert {cells.bucket(n) for n in range(K)} == {low}
    assert {cells.step(n) for n in range(K)} == {0}
    with pytest.raises(ValueError, match="5 or more"):
        Cells(4)


PERSONAL = ("Name", "First Name", "Salary", "Birth Date", "Comment", "Score", "Address")


class Planted:
    """Exports in which every personal cell is a string that occurs nowhere else."""

    def __init__(self, folder: Path) -> None:
        self.folder, self.canaries, self._chance = folder, [], random.Random(11)
        self.canaries: list[str]
        folder.mkdir()

    def plant(self, what: str) -> str:
        word = f"zq{what}{self._chance.randrange(16**10):010x}"
        self.canaries.append(word)
        return word

    def write(self, name: str, header: list[str], rows: list[list[str]]) -> None:
        text = "\n".join(",".join(row) for row in [header, *rows])
        (self.folder / name).write_text(text + "\n")

    def fill(self) -> None:
        titles = ["Senior Platform Engineer", "Software Developer", "Security Engineer", "Product Owner"]
        people = [(self.plant("id"), f"{self.plant('mail')}@corp.example") for _ in range(60)]
        private = [[self.plant("cell") for _ in PERSONAL] for _ in people]
        roster = [
            [who, mail, self.plant("login"), titles[n % 4], f"team-{n % 6}", people[n % 6][0], *private[n]]
            for n, (who, mail) in enumerate(people)
        ]
        roster += [
            [people[0][0], people[1][1], "", "Clash", "team-1", "", *private[0]],
            [self.plant("short")],
        ]
        roster += [["", "", "", self.plant("title"), "team-1", "", *private[1]]]
        header = ["Employee ID", "Email", "GitHub", "Job Title", "Team", "Manager", *PERSONAL]
        self.write("roster.csv", header, roster)
        training = [
            [mail, f"Kubernetes {self.plant('course')}", "Completed", "2026-05-01", self.plant("note")]
            for _, mail in people[:40]
        ]
        training += [
            [f"{self.plant('stranger')}@x.example", "Helm", "Completed", "2026-05-01", ""],
            [people[3][1], "Helm", self.plant("status"), self.plant("date"), ""],
            [people[3][1], f'"Helm{self.plant("quote")}', "Completed", "2026-05-01", ""],
        ]
        self.write("training.csv", ["Email", "Course Title", "Status", "Completion Date", "Notes"], training)
        certificates = [
            [
                mail,
                "CKA: Certified Kubernetes Administrator",
                "The Linux Foundation",
                "2025-06-01",
                self.plant("lf"),
            ]
            for _, mail in people[:9]
        ]
        certificates.append([people[1][1], "CKA", "CNCF", self.plant("day"), self.plant("lf")])
        self.write("certs.csv", ["Email", "Badge Name", "Issuer", "Issued At", "Credential ID"], certificates)
        answers = [
            [f"2026-09-0{n % 9 + 1}", mail, str(n % 7 + 1), self.plant("comment")]
            for n, (_, mail) in enumerate(people[:40])
        ]
        self.write("survey.csv", ["Timestamp", "Email", "[trust]", "Any comment?"], answers)
        (self.folder / "broken.csv").write_bytes(
            b"Email,Job Title\n" + self.plant("broken").encode() + b"\0\xff\n"
        )
        (self.folder / "locked.xlsx").write_bytes(b"\xd0\xcf\x11\xe0" + self.plant("locked").encode() * 50)
        artefacts = self.folder / "artefacts"
        artefacts.mkdir()
        (artefacts / "strategy.txt").write_text(self.plant("document"))
        (artefacts / "strategy.txt.yaml").write_text(
            f"key: strategy-doc\ndate: 2026-06-01\nowner: {self.plant('owner')}\nreviewer: {self.plant('reviewer')}\n"
        )
        (artefacts / "bad.yaml").write_text(f"key: strategy-doc\ndate: {self.plant('baddate')}\n")
        self.fill_registers()
        self.fill_work()
        (self.folder / "cnmm.yaml").write_text(
            "organisation: acme\nas_of: 2026-11-01\n"
            "sources:\n  roster: roster.csv\n  training: [training.csv, broken.csv, locked.xlsx]\n"
            "  certifications: certs.csv\n  survey: survey.csv\n  artefacts: artefacts\n"
            "  vendors: vendors.csv\n  services: services.csv\n  directory: directory.csv\n"
            "  attestations: attestations\n  catalog: catalog.yaml\n  work: tickets.csv\n  oncall: pages.csv\n"
            "collectors: {people: {headcount: 60, rows: {training: 60, certifications: 12}, "
            "surveys: {survey.csv: {invited: 60, answered: 40, scale: 7}}}}\n"
        )

    def fill_work(self) -> None:
        """Plant who writes, handles and is paged in exports of a tracker and a rota, broken rows among them."""
        header = ["Issue key", "Summary", "Issue Type", "Sprint", "Team", "Assignee", "Reporter", "Created"]
        tickets = [
            [f"PAY-{n}", self.plant("summary"), "Bug", "S1", "payments", self.plant("handler"),
             self.plant("reporter"), "2026-10-01"]
            for n in range(9)
        ]  # fmt: skip
        tickets += [["PAY-9", "", "Bug", "", "payments", self.plant("handler"), "", self.plant("created")]]
        self.write("tickets.csv", header, [*tickets, [self.plant("short")]])
        pages = [[str(n), "2026-10-01T10:00:00Z", "pay", self.plant("paged")] for n in range(9)]
        pages += [["9", self.plant("when"), "pay", self.plant("paged")]]
        self.write("pages.csv", ["Incident number", "Created at", "Escalation policy", "Assigned to"], pages)

    def fill_registers(self) -> None:
        """Plant accounts, members of teams, and statements whose keys and dates are none."""
        vendors = [[f"{self.plant('vendor')}@v.example", self.plant("firm")] for _ in range(9)]
        self.write("vendors.csv", ["Email", "Company"], vendors)
        self.write("services.csv", ["Account", "Owner"], [[self.plant("robot"), self.plant("keeper")]])
        groups = [[f"{self.plant('inside')}@corp.example", self.plant("group")] for _ in range(9)]
        self.write("directory.csv", ["Email", "Group"], groups)
        members = ", ".join(self.plant("member") for _ in range(4))
        (self.folder / "catalog.yaml").write_text(f"teams: [{{name: web, members: [{members}]}}]\n")
        statements = self.folder / "attestations"
        statements.mkdir()
        for number, (day, key) in enumerate(
            [("2026-06-01", "exec-sponsor"), (self.plant("when"), "funding")]
        ):
            (statements / f"{number}.yaml").write_text(
                f"key: {key}\ndate: {day}\nexpires: 2027-05-01\nrole: {self.plant('office')}\n"
                f"statement: {self.plant('words')}\nsigner_name: {self.plant('signer')}\n"
            )


def _install(site: Path) -> None:
    """Register the collectors for a checkout whose entry points were made before they existed."""
    from importlib.metadata import entry_points

    there = {entry.name for entry in entry_points(group="cnmm.collectors")}
    info = site / "cnmm_checkout-0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: cnmm-checkout\nVersion: 0\n")
    lines = [
        f"{name} = cnmm_collectors.{name}:{made}"
        for name, made in (
            ("people", "PeopleCollector"),
            ("records", "RecordsCollector"),
            ("kubernetes", "KubernetesCollector"),
        )
        if name not in there
    ]
    (info / "entry_points.txt").write_text("\n".join(["[cnmm.collectors]", *lines]) + "\n")


def _everything(folder: Path) -> Iterator[tuple[str, bytes]]:
    for path in sorted(one for one in folder.rglob("*") if one.is_file()):
        yield path.name, path.read_bytes()
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                yield from ((f"{path.name}/{name}", archive.read(name)) for name in archive.namelist())


class Place:
    """Where a scan of planted exports runs: its own home, temporary folder and output."""

    def __init__(self, folder: Path) -> None:
        self.planted = Planted(folder / "exports")
        self.planted.fill()
        _install(folder / "site")
        self.temporary, self.out, self.home = folder / "temporary", folder / "out", folder / "home"
        self.temporary.mkdir()
        self.environment = {
            **os.environ,
            "PYTHONPATH": os.pathsep.join([str(folder / "site"), os.environ.get("PYTHONPATH", "")]),
            "TMPDIR": str(self.temporary),
            "HOME": str(self.home),
            "XDG_CACHE_HOME": str(self.home / "cache"),
            "XDG_DATA_HOME": str(self.home / "data"),
            "XDG_STATE_HOME": str(self.home / "state"),
        }

    def start(self, *more: str) -> subprocess.Popen[bytes]:
        command = [
            sys.executable,
            "-m",
            "cnmm_scanner",
            "scan",
            "-c",
            "cnmm.yaml",
            "-o",
            str(self.out),
            *more,
        ]
        pipes = subprocess.PIPE
        return subprocess.Popen(
            command, cwd=self.planted.folder, env=self.environment, stdout=pipes, stderr=pipes
        )

    def written(self) -> list[tuple[str, bytes]]:
        """Return everything below the output, the home and the temporary folder, archives opened."""
        return [one for folder in (self.out, self.home, self.temporary) if folder.exists()
                for one in _everything(folder)]  # fmt: skip

    def found(self, written: list[tuple[str, bytes]]) -> list[tuple[str, str]]:
        return [
            (name, canary)
            for name, raw in written
            for canary in self.planted.canaries
            if canary.encode() in raw.lower()
        ]


class Clusters:
    """Clusters in which everything that may be somebody's name occurs nowhere else.

    What a report names by design, tenants' namespaces and workloads, is no canary.
    """

    def __init__(self, place: Place, api: ApiServer) -> None:
        self._plant, self._api = place.planted.plant, api
        self.contexts = [f"{self._plant('context')}@{name}" for name in ("prod", "lost", "locked", "nowhere")]
        self.kubeconfig = place.planted.folder / "clusters.yaml"

    def fill(self) -> None:
        plant = self._plant
        private = namespace(f"sandbox-{plant('room')}")
        shop = namespace("shop", team=plant("team"), owner=plant("owner"))
        shop["metadata"]["annotations"] = {"owner": f"{plant('note')}@corp.example"}
        label = {"owner": plant("label")}
        self._api.add(namespace("kube-system"), node(plant("node")), private, shop)
        self._api.add(workload(private["metadata"]["name"], plant("toy")))
        self._api.add(
            workload("shop", "web", labels=label, managers=[{"manager": plant("manager"), "time": "?"}])
        )
        self._api.add(pod("shop", "web", labels=label, annotations={"by": plant("by")}, node=plant("host")))
        self._api.add(*self._bindings())
        self._api.faults["networkpolicies"] = refuse(
            403, "Forbidden", f'User "{plant("refused")}" cannot list'
        )

    def _bindings(self) -> Iterator[Object]:
        kinds = ("User", "User", "Group", "ServiceAccount")
        api, rights = "rbac.authorization.k8s.io", {"kind": "ClusterRole", "name": "cluster-admin"}
        names = [
            self._plant("person"), f"oidc:{self._plant('login')}@corp.example", self._plant("crowd"), self._plant("sa"),
        ]  # fmt: skip
        for number, (kind, name) in enumerate(zip(kinds, names, strict=True)):
            about = {
                "kind": kind,
                "name": name,
                **({"namespace": "shop"} if kind == "ServiceAccount" else {}),
            }
            made = {"roleRef": {"apiGroup": api, **rights}, "subjects": [about]}
            yield custom(f"{api}/v1", "ClusterRoleBinding", f"{self._plant('binding')}-{number}", **made)
            yield custom(f"{api}/v1", "RoleBinding", f"{self._plant('grant')}-{number}", "shop", **made)

    def configure(self, settings: Path) -> None:
        """Name the clusters: one that answers, one that nobody answers for, one that logs in with a program."""
        server, user = self._plant("server"), self._plant("user")
        program = {"apiVersion": "client.authentication.k8s.io/v1", "command": self._plant("program")}
        self.kubeconfig.write_text(
            yaml.safe_dump(
                {
                    "apiVersion": "v1", "kind": "Config",
                    "clusters": [
                        {"name": server, "cluster": {"server": self._api.url}},
                        {"name": "lost", "cluster": {"server": f"http://127.0.0.1:9/{self._plant('address')}"}},
                    ],
                    "users": [
                        {"name": user, "user": {"token": self._plant("token")}},
                        {"name": "program", "user": {"exec": program}},
                    ],
                    "contexts": [
                        {"name": self.contexts[0], "context": {"cluster": server, "user": user}},
                        {"name": self.contexts[1], "context": {"cluster": "lost", "user": user}},
                        {"name": self.contexts[2], "context": {"cluster": server, "user": "program"}},
                    ],
                }
            )
        )  # fmt: skip
        told = yaml.safe_load(settings.read_text())
        told["targets"] = [f"kube:{context}" for context in self.contexts]
        told["collectors"]["kubernetes"] = {
            "organisation": "acme", "kubeconfig": str(self.kubeconfig), "system_namespaces": ["kube-*", "sandbox-*"],
            "clusters": [{"context": context} for context in self.contexts[:3]],
        }  # fmt: skip
        settings.write_text(yaml.safe_dump(told))


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path)


def test_no_canary_is_in_anything_a_scan_writes(place: Place) -> None:
    with ApiServer() as api:
        clusters = Clusters(place, api)
        clusters.fill()
        clusters.configure(place.planted.folder / "cnmm.yaml")
        running = place.start()
        said, complained = running.communicate(timeout=240)
    assert running.returncode in (0, 3), complained.decode()
    assert list(place.temporary.rglob("*")) == []
    written = [("stdout", said), ("stderr", complained), *place.written()]
    assert place.found(written) == []
    members = dict(written)
    ledger = members["bundle.cnmm/ledger/people.ndjson"].decode()
    signals = members["bundle.cnmm/observations/signals/roster.ndjson"].decode()
    # The scan did read them: a search of nothing would find nothing.
    assert '"value":{"low":"45","high":"48"}' in signals or '"low":45' in signals
    for read in (
        "roster.csv",
        "locked.xlsx",
        "contradicts itself",
        "stray quote",
        "vendors.csv",
        "directory.csv",
    ):
        assert read in ledger
    worked = members["bundle.cnmm/ledger/work.ndjson"].decode()
    assert all(name in worked for name in ("tickets.csv", "pages.csv", "not a date"))
    assert "0.yaml" in members["bundle.cnmm/ledger/records.ndjson"].decode()
    assert "catalog.yaml" in members["bundle.cnmm/ledger/catalog.ndjson"].decode()
    clustered = members["bundle.cnmm/observations/signals/k8s.ndjson"].decode()
    assert "namespace:prod/shop" in clustered
    assert all(f"cluster:{name}" in clustered for name in ("prod", "lost", "locked"))
    asked = {path.partition("?")[0].rpartition("/")[2] for _, path in api.requests}
    assert {"clusterrolebindings", "rolebindings", "networkpolicies", "deployments", "pods"} <= asked


def test_no_canary_is_left_by_a_scan_that_was_killed_nor_by_the_one_that_goes_on(place: Place) -> None:
    running = place.start()
    deadline = time.monotonic() + 120
    while running.poll() is None and time.monotonic() < deadline:
        if any(one.stat().st_size for one in place.out.rglob("journal")):
            break
        time.sleep(0.005)
    running.kill()
    said = running.communicate(timeout=60)
    # A kill may leave a copy that was being read in the temporary folder, readable by its owner alone.
    assert all(one.stat().st_mode & 0o077 == 0 for one in place.temporary.iterdir())
    left = [one for folder in (place.out, place.home) if folder.exists() for one in _everything(folder)]
    assert place.found([("said", b"".join(said)), *left]) == []
    again = place.start("--resume")
    said = again.communicate(timeout=240)
    assert again.returncode in (0, 3), said[1].decode()
    done = [one for folder in (place.out, place.home) if folder.exists() for one in _everything(folder)]
    assert place.found([("said", b"".join(said)), *done]) == []
    assert not list(place.out.rglob("journal"))
