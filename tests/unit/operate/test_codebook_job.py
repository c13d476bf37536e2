"""The job that trains beside a sidecar: at the real API, and at a server that does as Kubernetes does."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from stormcell.access import Scope
from stormcell.codebook.document import load
from stormcell.config import CodebookSettings, Settings
from stormcell.errors import ConflictError, DeliveryError, InputError
from stormcell.operate.codebook_job import Outcome, publish, report, run
from stormcell.store import SqliteStore
from stormcell.types import CodebookState, NoteKind
from stormcell.wire.kubernetes import ConfigMaps, around
from stormcell.wire.sidecar import SidecarApi, bearer, connect
from tests.certificates import Authority
from tests.unit.operate.sidecar_api import Served, sampled, served
from tests.unit.web.model.build import KINDS, NEW
from tests.unit.wire.cluster import Cluster, pod

SETTINGS = Settings()
NAME = "stormcell-codebook"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "data" / "stormcell.db"


@pytest.fixture
def api(path: Path) -> Iterator[Served]:
    path.parent.mkdir()
    with served(path) as running:
        yield running


def client(api: Served, token: Path | None = None) -> SidecarApi:
    return connect(api.url, bearer(token), sleep=lambda seconds: None)


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def cluster(authority: Authority, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Cluster]:
    may = {("get", NAME), ("patch", NAME)}
    with Cluster(pod(tmp_path / "account", authority), authority.issue("server"), may) as made:
        for name, value in made.variables.items():
            monkeypatch.setenv(name, value)
        made.holds(NAME)
        yield made


def maps(cluster: Cluster) -> ConfigMaps:
    return ConfigMaps(around(cluster.account).connect(sleep=lambda seconds: None), "storms")


def states(path: Path) -> dict[str, str]:
    with SqliteStore(path, create=False) as store:
        return {one.version: one.state.value for one in store.codebooks()}


def test_it_trains_what_the_sidecar_sampled_and_what_comes_next_is_the_canary(api: Served, path: Path) -> None:
    sampled(path, 0)
    first = run(client(api), SETTINGS, promote_first=True)
    assert (first.outcome, first.state, first.events, first.codewords) == (Outcome.DONE, "live", 600, 4)
    # Of the same sample comes the same.
    again = run(client(api), SETTINGS, promote_first=True)
    assert (again.outcome, again.version, again.state) == (Outcome.SKIPPED, first.version, "live")
    assert again.why == f"{first.version} was trained of this sample already"
    sampled(path, 0, 1, kinds=(*KINDS, NEW))
    second = run(client(api), SETTINGS)
    assert (second.outcome, second.state) == (Outcome.DONE, CodebookState.CANARY)
    assert states(path) == {first.version: "live", second.version: "canary"}
    third = run(client(api), SETTINGS)
    assert (third.outcome, third.why) == (Outcome.SKIPPED, f"{second.version} is still watched as the canary")
    # Kinds that are still there keep their names.
    with SqliteStore(path, create=False) as store:
        ids = [
            {word.id for word in load(store.codebook_document(one.version), "").codewords}
            for one in (first, second)
        ]
        parent = store.codebook(second.version).provenance.parent
    assert ids[0] < ids[1]
    assert parent == first.version


def test_where_none_is_live_what_is_trained_waits(api: Served, path: Path) -> None:
    sampled(path, 0)
    ran = run(client(api), SETTINGS)
    assert (ran.outcome, ran.state) == (Outcome.DONE, "candidate")
    assert states(path) == {ran.version: "candidate"}
    again = run(client(api), SETTINGS)
    assert (again.outcome, again.version) == (Outcome.SKIPPED, ran.version)


def test_other_settings_make_another_of_the_same_sample(api: Served, path: Path) -> None:
    sampled(path, 0)
    first = run(client(api), SETTINGS, promote_first=True)
    other = Settings(codebook=CodebookSettings(max_codewords=2))
    second = run(client(api), other)
    assert (second.outcome, second.codewords) == (Outcome.DONE, 2)
    with SqliteStore(path, create=False) as store:
        assert store.codebook(second.version).provenance.parent == first.version


def test_of_too_few_events_nothing_is_trained(api: Served, path: Path) -> None:
    none = run(client(api), SETTINGS)
    assert none.outcome is Outcome.SKIPPED
    assert "a sample of 0 events so far, and drift.min_events (200)" in none.why
    assert not path.exists() or states(path) == {}


def test_a_sample_that_does_not_fit_the_settings_is_told(api: Served, path: Path) -> None:
    sampled(path, 0)
    with pytest.raises(InputError, match=r"codebook.sample at 4000, which is now 50"):
        run(client(api), Settings(codebook=CodebookSettings(sample=50)))


def test_a_sidecar_that_restarts_meanwhile_is_asked_again(api: Served, path: Path) -> None:
    sampled(path, 0)
    api.flaky.fails = [503, 502, 500]
    assert run(client(api), SETTINGS).outcome is Outcome.DONE
    api.flaky.fails = [503] * 100
    with pytest.raises(DeliveryError, match="answered 503"):
        run(client(api), SETTINGS)
    assert len(api.flaky.fails) == 94


def test_a_token_is_asked_for_and_what_it_may_not_do_is_told(path: Path, tmp_path: Path) -> None:
    path.parent.mkdir()
    sampled(path, 0)
    token = tmp_path / "token"
    with served(path, (("reader", {Scope.READ}), ("trainer", {Scope.READ, Scope.TRAIN}))) as api:
        with pytest.raises(DeliveryError, match=r"401 Unauthorized.*--token-file, or set STORMCELL_TOKEN"):
            run(client(api), SETTINGS)
        token.write_text("reader\n")
        with pytest.raises(DeliveryError, match=r"403 Forbidden to /codebooks: .*train"):
            run(client(api, token), SETTINGS)
        token.write_text("trainer\n")
        assert run(client(api, token), SETTINGS).outcome is Outcome.DONE
        token.write_text("")
        with pytest.raises(DeliveryError, match="is empty; expected the token in it"):
            run(client(api, token), SETTINGS)


def test_what_a_run_came_to_is_kept(api: Served, path: Path) -> None:
    sampled(path, 0)
    ran = run(client(api), SETTINGS)
    report(client(api), Outcome.DONE, 1.5, version=ran.version)
    report(client(api), Outcome.FAILED, 0.25, problem="x" * 10_000)
    with SqliteStore(path, create=False) as store:
        failed, done = store.notes(NoteKind.JOB)
    assert (done.version, done.detail["job"], done.detail["outcome"], done.detail["seconds"]) == (
        ran.version,
        "train",
        "done",
        1.5,
    )
    assert failed.detail["problem"] == "x" * 4096


def test_the_live_one_is_published_once(api: Served, path: Path, cluster: Cluster) -> None:
    sampled(path, 0)
    found = publish(client(api), maps(cluster), NAME, "storms")
    assert (found.version, found.changed) == ("", False)
    ran = run(client(api), SETTINGS, promote_first=True)
    first = publish(client(api), maps(cluster), NAME, "storms")
    assert (first.version, first.changed) == (ran.version, True)
    held = cluster.data(NAME)["codebook.json"]
    assert load(held.encode(), NAME).version == ran.version
    assert cluster.kept[NAME].document["metadata"]["labels"]["stormcell/codebook-version"] == ran.version
    revision = cluster.revision
    again = publish(client(api), maps(cluster), NAME, "storms")
    assert (again.version, again.changed, cluster.revision) == (ran.version, False, revision)
    # What somebody wrote into it is mended.
    cluster.kept[NAME].document["data"]["codebook.json"] = json.dumps({"not": "ours"})
    assert publish(client(api), maps(cluster), NAME, "storms").changed
    assert cluster.data(NAME)["codebook.json"] == held


def test_of_two_that_publish_at_once_the_later_looks_again(api: Served, path: Path, cluster: Cluster) -> None:
    sampled(path, 0)
    run(client(api), SETTINGS, promote_first=True)
    cluster.meanwhile = {"data": {"codebook.json": "an older one"}}
    assert publish(client(api), maps(cluster), NAME, "storms").changed
    assert load(cluster.data(NAME)["codebook.json"].encode(), NAME)
    assert [line.partition(" ")[0] for line in cluster.asked] == ["GET", "PATCH", "GET", "PATCH"]


def test_one_that_others_keep_changing_is_given_up(
    api: Served, path: Path, cluster: Cluster, monkeypatch: pytest.MonkeyPatch
) -> None:
    sampled(path, 0)
    run(client(api), SETTINGS, promote_first=True)
    ours = maps(cluster)
    find = ours.find

    def found(name: str) -> object:
        cluster.meanwhile = {"data": {"codebook.json": "theirs"}}
        return find(name)

    monkeypatch.setattr(ours, "find", found)
    with pytest.raises(ConflictError, match="was changed meanwhile"):
        publish(client(api), ours, NAME, "storms")
