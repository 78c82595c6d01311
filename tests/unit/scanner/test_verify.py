"""Verification refuses every changed bit, a stripped signature, and an assessment that does not follow."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cnmm_scanner.bundle import Bundle, write_bundle
from cnmm_scanner.canonical import document
from cnmm_scanner.container import ContainerFault, held, write
from cnmm_scanner.manifest import ASSESSMENT, MANIFEST, SIGNATURE
from cnmm_scanner.signature import KeyFault, load_signer, make_keys
from cnmm_scanner.verify import as_table, verify
from unit.scanner.small import ABOUT, make


@pytest.fixture
def bundle(tmp_path: Path) -> Path:
    return make(tmp_path / "small.cnmm")


def results(path: Path, key: Path | None = None) -> tuple[int, str]:
    verdict = verify(path, key)
    return verdict.status, verdict.summary


def rewrite(path: Path, changes: dict[str, bytes], *, seal: bool) -> Path:
    """Write the bundle again with other members; sealed anew, or as somebody would who cannot."""
    with Bundle(path) as old:
        members = {**old.members(), **{name: held(data) for name, data in changes.items()}}
        target = path.with_name(f"{path.name}.changed")
        if seal:
            write_bundle(target, members, {**ABOUT, "engine": old.manifest.engine})
        else:
            with target.open("wb") as sink:
                write({MANIFEST: held(old.manifest_bytes), **members}, sink)
    return target


def sealed(path: Path, name: str) -> bytes:
    with Bundle(path) as bundle:
        return bundle.container.read(name)


def test_an_intact_bundle_passes_and_says_who_signed(bundle: Path) -> None:
    verdict = verify(bundle)
    assert (verdict.status, verdict.summary) == (0, "intact, signed by nobody")
    table = as_table(verdict)
    assert [check.result for check in verdict.checks] == ["pass", "pass", "pass", "pass", "note", "pass"]
    assert all(check.digest in table for check in verdict.checks)


def test_the_same_facts_give_the_same_bundle(tmp_path: Path) -> None:
    one = make(tmp_path / "1", {"a": True, "b": False})
    two = make(tmp_path / "2", {"b": False, "a": True})
    assert one.read_bytes() == two.read_bytes()


def test_no_byte_can_change(bundle: Path, tmp_path: Path) -> None:
    whole = bundle.read_bytes()
    path = tmp_path / "flipped.cnmm"
    for place in range(len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert verify(path).status == 1, place


def test_the_member_whose_byte_changed_is_named(bundle: Path, tmp_path: Path) -> None:
    whole, path = bundle.read_bytes(), tmp_path / "flipped.cnmm"
    with Bundle(bundle) as old:
        regions = {name: old.container.region(name) for name in old.container.names}
    for name, (offset, size) in regions.items():
        flipped = bytearray(whole)
        flipped[offset + size // 2] ^= 1
        path.write_bytes(flipped)
        if size and name != MANIFEST:
            assert results(path) == (1, f"altered: member {name} is damaged")


def test_no_byte_of_a_signed_bundle_can_change(tmp_path: Path) -> None:
    make_keys(tmp_path / "key")
    whole = make(tmp_path / "b", signer=load_signer(tmp_path / "key")).read_bytes()
    path = tmp_path / "flipped.cnmm"
    start = whole.index(SIGNATURE.encode(), whole.index(b"PK\x03\x04"))
    for place in range(start, len(whole)):
        flipped = bytearray(whole)
        flipped[place] ^= 1 << place % 8
        path.write_bytes(flipped)
        assert verify(path).status == 1, place


@given(place=st.integers(0), bit=st.integers(0, 7))
def test_any_bit_that_is_tried_is_refused(
    tmp_path_factory: pytest.TempPathFactory, place: int, bit: int
) -> None:
    folder = tmp_path_factory.mktemp("b")
    whole = bytearray(make(folder / "b").read_bytes())
    whole[place % len(whole)] ^= 1 << bit
    (folder / "b").write_bytes(whole)
    assert verify(folder / "b").status == 1


def test_signed_or_reject(tmp_path: Path, bundle: Path) -> None:
    public, _ = make_keys(tmp_path / "key")
    other, _ = make_keys(tmp_path / "other")
    signed = make(tmp_path / "signed", signer=load_signer(tmp_path / "key"))
    assert results(signed, public) == (0, "intact, signed by the given key")
    assert results(signed)[1].startswith("intact; signature not checked")
    assert results(signed, other)[0] == 1
    status, summary = results(bundle, public)
    assert status == 1
    assert "not signed" in summary
    assert (tmp_path / "key").stat().st_mode & 0o777 == 0o600
    with pytest.raises(KeyFault):
        verify(signed, tmp_path / "key")


def test_a_signature_cannot_be_stripped_or_moved(tmp_path: Path) -> None:
    public, _ = make_keys(tmp_path / "key")
    signed = make(tmp_path / "signed", signer=load_signer(tmp_path / "key"))
    stripped = rewrite(signed, {}, seal=False)
    assert results(stripped)[0] == 0
    assert results(stripped, public)[0] == 1
    other = make(tmp_path / "other", {"a": False, "b": False})
    moved = rewrite(other, {SIGNATURE: sealed(signed, SIGNATURE)}, seal=False)
    assert results(moved, public) == (
        1,
        "rejected: the signature is over something other than this manifest",
    )


def test_a_member_changed_without_the_manifest_is_altered(bundle: Path) -> None:
    raw = sealed(bundle, ASSESSMENT).replace(b'"proven":1', b'"proven":2')
    assert raw != sealed(bundle, ASSESSMENT)
    status, summary = results(rewrite(bundle, {ASSESSMENT: raw}, seal=False))
    assert (status, "not what the manifest seals" in summary) == (1, True)


def test_a_forged_assessment_is_not_re_derivable(bundle: Path) -> None:
    forged = json.loads(sealed(bundle, ASSESSMENT))
    forged["headline"]["proven"] = 5
    forged["conclusions_digest"] = "sha256:" + "1" * 64
    status, summary = results(rewrite(bundle, {ASSESSMENT: document(forged)}, seal=True))
    assert status == 1
    assert "headline was 5.." in summary


def test_evidence_that_does_not_match_its_id_is_refused(bundle: Path) -> None:
    raw = sealed(bundle, "evidence/probe.ndjson").replace(b"probe:a", b"probe:z")
    status, summary = results(rewrite(bundle, {"evidence/probe.ndjson": raw}, seal=True))
    assert (status, "id does not match" in summary) == (1, True)


def test_members_that_are_missing_or_not_listed_are_refused(bundle: Path) -> None:
    assert "not listed" in results(rewrite(bundle, {"extra": b""}, seal=False))[1]
    with Bundle(bundle) as old:
        members = {MANIFEST: held(old.manifest_bytes), **old.members()}
        del members["ledger/probe.ndjson"]
        target = bundle.with_name("less.cnmm")
        with target.open("wb") as sink:
            write(members, sink)
    assert results(target) == (1, "altered: member ledger/probe.ndjson is missing")


def remanifest(path: Path, **changes: object) -> Path:
    manifest = {**json.loads(sealed(path, MANIFEST)), **changes}
    return rewrite(path, {MANIFEST: document(manifest)}, seal=False)


def test_a_newer_bundle_and_another_engine_are_not_called_altered(bundle: Path) -> None:
    status, summary = results(remanifest(bundle, schema="cnmm/bundle/2"))
    assert (status, "update cnmm" in summary) == (2, True)
    status, summary = results(remanifest(bundle, engine="0"))
    assert status == 2
    assert "sealed by engine 0" in summary
    assert "conclusions are the same" in summary
    assert "altered" not in summary


def test_another_engine_with_other_conclusions_is_named(bundle: Path) -> None:
    other = json.loads(sealed(bundle, ASSESSMENT))
    other["findings"][0]["outcome"] = "unmet"
    other["conclusions_digest"] = "sha256:" + "1" * 64
    changed = rewrite(bundle, {ASSESSMENT: document(other)}, seal=True)
    status, summary = results(remanifest(changed, engine="0"))
    assert (status, "1 findings differ, the first is org.L1.flagged of org:acme" in summary) == (2, True)


def test_a_manifest_spelled_otherwise_is_refused(bundle: Path) -> None:
    spaced = json.dumps(json.loads(sealed(bundle, MANIFEST))).encode()
    assert "canonically" in results(rewrite(bundle, {MANIFEST: spaced}, seal=False))[1]


def test_what_is_no_bundle_is_a_fault_and_no_verdict(tmp_path: Path) -> None:
    (tmp_path / "x").write_bytes(b"no bundle")
    with pytest.raises(ContainerFault):
        verify(tmp_path / "x")
