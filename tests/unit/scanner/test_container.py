"""The canonical container: one byte sequence for one set of members, and nothing else is read."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_scanner.container import Container, ContainerFault, check_name, held, write

NAMES = st.from_regex(r"[a-z][a-z0-9]{0,5}(/[a-z][a-z0-9]{0,5}){0,2}", fullmatch=True)


def build(members: dict[str, bytes]) -> bytes:
    sink = io.BytesIO()
    write({name: held(data) for name, data in members.items()}, sink)
    return sink.getvalue()


@given(
    st.dictionaries(NAMES, st.binary(max_size=40), max_size=6).flatmap(
        lambda members: st.tuples(st.just(members), st.permutations(list(members)))
    )
)
def test_any_order_of_members_gives_the_same_bytes(drawn: tuple[dict[str, bytes], list[str]]) -> None:
    members, order = drawn
    assert build(members) == build({name: members[name] for name in order})


@given(members=st.dictionaries(NAMES, st.binary(max_size=40), max_size=6))
def test_what_was_written_is_read(
    tmp_path_factory: pytest.TempPathFactory, members: dict[str, bytes]
) -> None:
    path = tmp_path_factory.mktemp("c") / "c.zip"
    path.write_bytes(build(members))
    with Container(path) as container:
        assert {name: container.read(name) for name in container.names} == members
        container.compare_rebuilt()


def test_structure_is_that_of_a_plain_zip(tmp_path: Path) -> None:
    with zipfile.ZipFile(io.BytesIO(build({"b/x": b"2", "a": b"1"}))) as archive:
        assert archive.testzip() is None
        assert [info.filename for info in archive.infolist()] == ["a", "b/x"]
        for info in archive.infolist():
            assert (info.date_time, info.extra, info.comment) == ((1980, 1, 1, 0, 0, 0), b"", b"")
            assert (info.external_attr >> 16, info.create_system) == (0o100644, 3)


@pytest.mark.parametrize("name", ["../x", "/x", "a/../b", "a//b", "a\\b", "", "a/", "é", "a\n", ".x", "a/.b"])
def test_odd_names_are_refused(name: str) -> None:
    with pytest.raises(ContainerFault, match="not allowed"):
        check_name(name)


def foreign(path: Path, members: list[tuple[str, bytes]], how: int = zipfile.ZIP_STORED) -> Path:
    with zipfile.ZipFile(path, "w", how) as archive:
        for name, data in members:
            info = zipfile.ZipInfo(name)
            info.create_system, info.external_attr, info.compress_type = 3, 0o100644 << 16, how
            archive.writestr(info, data)
    return path


@pytest.mark.filterwarnings("ignore:Duplicate name")
@pytest.mark.parametrize(
    ("members", "how", "says"),
    [
        ([("../up", b"x")], zipfile.ZIP_STORED, "not allowed"),
        ([("/etc/x", b"x")], zipfile.ZIP_STORED, "not allowed"),
        ([("b", b"x"), ("a", b"x")], zipfile.ZIP_STORED, "not sorted"),
        ([("a", b"x"), ("a", b"y")], zipfile.ZIP_STORED, "there twice"),
        ([("a", b"0" * 1_000_000)], zipfile.ZIP_DEFLATED, "compressed"),
    ],
)
def test_foreign_archives_are_refused_before_anything_is_read(
    tmp_path: Path, members: list[tuple[str, bytes]], how: int, says: str
) -> None:
    with pytest.raises(ContainerFault, match=says):
        Container(foreign(tmp_path / "f.zip", members, how))


def test_a_foreign_archive_of_the_same_shape_passes(tmp_path: Path) -> None:
    path = foreign(tmp_path / "f.zip", [("a", b"x"), ("b", b"y")])
    assert path.read_bytes() == build({"a": b"x", "b": b"y"})


def test_every_truncation_and_addition_is_refused(tmp_path: Path) -> None:
    whole = build({"a": b"text", "b/c": b"more"})
    path = tmp_path / "c.zip"
    for data in [whole[:size] for size in range(len(whole))] + [whole + b"\0", b"\0" + whole]:
        path.write_bytes(data)
        with pytest.raises(ContainerFault), Container(path) as container:
            container.compare_rebuilt()


def test_a_size_that_lies_is_refused(tmp_path: Path) -> None:
    whole = bytearray(build({"a": b"text"}))
    place = whole.rindex(b"PK\x01\x02")
    whole[place + 20 : place + 28] = (2**31).to_bytes(4, "little") * 2
    path = tmp_path / "c.zip"
    path.write_bytes(whole)
    with pytest.raises(ContainerFault):
        Container(path)


def test_what_is_no_zip_at_all_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "c.zip"
    path.write_bytes(b"hello")
    with pytest.raises(ContainerFault, match="not a bundle"):
        Container(path)
    with pytest.raises(ContainerFault, match="cannot be read"):
        Container(tmp_path / "none")
