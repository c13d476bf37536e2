"""stormcell codebook send, merge, push and pull."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from stormcell.codebook.document import load
from stormcell.store import SqliteStore
from stormcell.types import NoteKind
from tests.cli.test_learn import logs
from tests.integration.program import stormcell

VERSION = r"cb-[0-9a-f]{12}"


@pytest.fixture(scope="module")
def sites(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """What two sites sent."""
    folder = tmp_path_factory.mktemp("sites")
    texts = {"berlin": "disk is full", "oslo": "ann@example.com cannot log in"}
    for site, text in texts.items():
        source = logs(folder / f"{site}-logs.json", range(30), text)
        ran = stormcell("codebook", "send", source, "--site", site, "--out", folder / f"{site}.json")
        assert ran.code == 0, ran.err
        assert ran.out == ""
        assert re.fullmatch(
            rf"1 event of 30 speak for site {site}: [\d,]+ bytes in {folder}/{site}\.json\.\n", ran.err
        )
    return folder / "berlin.json", folder / "oslo.json"


@pytest.fixture
def merged(sites: tuple[Path, Path], tmp_path: Path) -> tuple[Path, str]:
    """A store with the codebook of both, and its version."""
    out = tmp_path / "out"
    ran = stormcell("codebook", "merge", *sites, "--out", out, "--json")
    assert ran.code == 0, ran.err
    return out, str(ran.json["version"])


def test_what_a_site_sends_is_masked(sites: tuple[Path, Path]) -> None:
    sent = sites[1].read_text()
    assert "<email> cannot log in" in sent
    assert "ann@example.com" not in sent.replace("ann@example.com cannot log in-0", "")  # the uid, as it came


def test_it_is_told_for_programs(sites: tuple[Path, Path], tmp_path: Path) -> None:
    source, out = logs(tmp_path / "a.json", range(9)), tmp_path / "a.site"
    told = stormcell("codebook", "send", source, "--site", "a", "--out", out, "--json").json
    assert (told["site"], told["medoids"], told["events"]) == ("a", 1, 9)
    assert told["bytes"] == out.stat().st_size
    piped = stormcell("codebook", "send", source, "--site", "a", "--out", "-")
    assert piped.out.encode() == out.read_bytes()
    assert stormcell("codebook", "send", source, "--site", "a", "--out", "-", "--json").code == 2


@pytest.mark.parametrize("name", ["", "Berlin", "../x"])
def test_a_site_has_a_plain_name(tmp_path: Path, name: str) -> None:
    ran = stormcell("codebook", "send", tmp_path, "--site", name, "--out", tmp_path / "x")
    assert ran.code == 2
    assert "expected the name of a site" in ran.err


def test_a_site_without_events_sends_nothing(tmp_path: Path) -> None:
    (tmp_path / "logs.json").write_text('{"resourceLogs": []}')
    ran = stormcell("codebook", "send", tmp_path / "logs.json", "--site", "a", "--out", tmp_path / "x")
    assert ran.code == 2
    assert "there is no event to train a codebook on" in ran.err
    assert not (tmp_path / "x").exists()


def test_sites_become_one_codebook(sites: tuple[Path, Path], tmp_path: Path) -> None:
    ran = stormcell("codebook", "merge", *sites, "--out", tmp_path)
    assert ran.code == 0
    assert re.fullmatch(
        rf"Merged 2 sites into ({VERSION}): 2 codewords for 60 events, mean dissimilarity about 0\.0000\.\n"
        rf"Stored in {tmp_path}; state: candidate\.\n",
        ran.out,
    )
    assert "codebook promote cb-" in ran.err
    with SqliteStore(tmp_path / "stormcell.db", create=False) as store:
        [stored] = store.codebooks()
        [note] = store.notes(NoteKind.TRAINED)
        codebook = load(store.codebook_document(stored.version), "it")
    assert stored.provenance.sites == codebook.provenance.sites == ("berlin", "oslo")
    assert note.detail["sites"] == ["berlin", "oslo"]
    assert {word.medoid.text for word in codebook.codewords} == {"disk is full", "<email> cannot log in"}


def test_merged_again_in_another_order_it_is_the_same(sites: tuple[Path, Path], merged: tuple[Path, str]) -> None:
    out, version = merged
    told = stormcell("codebook", "merge", *reversed(sites), "--out", out, "--json").json
    assert (told["version"], told["stored"]) == (version, False)


def test_ids_are_those_of_what_is_live(sites: tuple[Path, Path], merged: tuple[Path, str]) -> None:
    out, version = merged
    assert stormcell("codebook", "promote", version, "--store", out).code == 0
    after = stormcell("codebook", "merge", sites[0], "--out", out, "--json").json
    assert after["parent"] == version
    alone = stormcell("codebook", "merge", sites[0], "--out", out, "--parent", "none", "--json").json
    assert alone["parent"] is None
    assert stormcell("codebook", "merge", sites[0], "--out", out, "--parent", "cb-0").code == 1


def test_what_is_damaged_or_named_twice_is_refused(sites: tuple[Path, Path], tmp_path: Path) -> None:
    broken = tmp_path / "broken.json"
    broken.write_bytes(sites[0].read_bytes()[:-100])
    ran = stormcell("codebook", "merge", broken, "--out", tmp_path / "out")
    assert (ran.code, "broken.json: expected what a site sends" in ran.err) == (2, True)
    twice = stormcell("codebook", "merge", sites[0], sites[0], "--out", tmp_path / "out")
    assert (twice.code, "two files are of the site 'berlin'" in twice.err) == (2, True)
    missing = stormcell("codebook", "merge", tmp_path / "none.json", "--out", tmp_path / "out")
    assert missing.code == 2


def test_it_goes_through_a_registry(merged: tuple[Path, str], tmp_path: Path) -> None:
    out, version = merged
    shared, other = tmp_path / "shared", tmp_path / "other"
    shared.mkdir()
    where = ("--registry", "folder", "--target", shared)
    nothing = stormcell("codebook", "push", "--store", out, *where)
    assert (nothing.code, "no codebook is live" in nothing.err) == (1, True)

    assert stormcell("codebook", "push", version[:8], "--store", out, *where).code == 0
    none_live = stormcell("codebook", "pull", *where, "--out", other)
    assert (none_live.code, "is live" in none_live.err) == (1, True)

    stormcell("codebook", "promote", version, "--store", out)
    told = stormcell("codebook", "push", "--store", out, *where, "--json").json
    assert told == {
        "version": version, "state": "live", "registry": "folder", "where": str(shared / f"{version}.json")
    }  # fmt: skip
    ran = stormcell("codebook", "pull", *where, "--out", other)
    assert (ran.code, ran.out) == (0, "")
    assert f"{version} is in {other}; state: candidate." in ran.err
    again = stormcell("codebook", "pull", version, *where, "--out", other)
    assert f"{version} is in {other}, as before; state: candidate." in again.err
    assert (other / "codebooks" / f"{version}.json").read_bytes() == Path(told["where"]).read_bytes()


def test_what_was_exchanged_in_a_registry_is_refused(merged: tuple[Path, str], tmp_path: Path) -> None:
    out, version = merged
    shared = tmp_path / "shared"
    shared.mkdir()
    where = ("--registry", "folder", "--target", shared)
    stormcell("codebook", "push", version, "--store", out, *where)
    file = shared / f"{version}.json"
    file.rename(shared / "cb-000000000000.json")
    ran = stormcell("codebook", "pull", "cb-000000000000", *where, "--out", tmp_path / "other")
    assert (ran.code, f"expected cb-000000000000, found {version}" in ran.err) == (2, True)
    document = json.loads((shared / "cb-000000000000.json").read_bytes())
    document["codewords"][0]["weight"] += 1
    file.write_text(json.dumps(document))
    ran = stormcell("codebook", "pull", version, *where, "--out", tmp_path / "other")
    assert (ran.code, "it was altered or damaged" in ran.err) == (2, True)
    assert not (tmp_path / "other").exists()


def test_a_registry_must_be_one(merged: tuple[Path, str]) -> None:
    out, version = merged
    ran = stormcell("codebook", "push", version, "--store", out, "--registry", "x", "--target", "y")
    assert (ran.code, "no registry is called 'x'; there are: folder, mlflow" in ran.err) == (2, True)
