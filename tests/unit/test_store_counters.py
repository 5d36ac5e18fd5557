"""Counters whose rows a disk has damaged: all goes on as if they were right."""

from __future__ import annotations

from pathlib import Path

import pytest

from ras.records import finish
from ras.store import EmbeddingStore, counters
from tests.store_samples import ENCODER, archive_of, check, check_features, describe, fill, missing, preview_of

HARMS = {
    "another name": "UPDATE counters SET name = name || '~' WHERE name = ?",
    "a name that is no text": "UPDATE counters SET name = CAST(x'6eff' AS TEXT) WHERE name = ?",
    "gone": "DELETE FROM counters WHERE name = ?",
    "a text": "UPDATE counters SET value = 'some' WHERE name = ?",
    "a value that is no text": "UPDATE counters SET value = CAST(x'31ff' AS TEXT) WHERE name = ?",
    "far too high": "UPDATE counters SET value = 9223372036854775807 WHERE name = ?",
    "negative": "UPDATE counters SET value = -5 WHERE name = ?",
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    with EmbeddingStore(tmp_path / "store") as store:
        store.register(archive_of(range(30), "/exports/first.json"))
        store.register(archive_of(range(50)))
        fill(store, range(50))
        describe(store, range(20))
    return tmp_path / "store"


@pytest.mark.parametrize("name", [*counters.COUNTED, "previews_lost"])
@pytest.mark.parametrize("harm", HARMS)
def test_a_damaged_counter_is_counted(folder: Path, name: str, harm: str) -> None:
    with EmbeddingStore(folder) as store:
        connection = store._facts.connection
        connection.execute("INSERT OR IGNORE INTO counters VALUES ('previews_lost', 0)")
        before, right = store.usage(), {each: counters.kept(connection, each) for each in counters.COUNTED}
        assert connection.execute(HARMS[harm], (name,)).rowcount == 1
    with EmbeddingStore(folder) as store:
        usage = store.usage()
        assert (usage.preview_bytes, usage.feature_bytes) == (before.preview_bytes, before.feature_bytes)
        assert not store.lacking_previews(archive_of(range(50)).records, ENCODER).any()
        store.register(archive_of(range(70)))
        assert store.archives()[0].name == "general", "the one that was registered last"
        fill(store, range(50, 70))
        check(store, range(70))
        check_features(store, range(20))
        assert missing(store, range(80)) == list(range(70, 80))
        finish(store.compact())
        assert finish(store.verify()).damaged == ()
        after = {each: counters.kept(store._facts.connection, each) for each in counters.COUNTED}
        more = sum(len(preview_of(number)) for number in range(50, 70))
        assert after["preview_bytes"] == (right["preview_bytes"] or 0) + more == store.usage().preview_bytes
        assert after["feature_bytes"] == right["feature_bytes"]
        assert after["next_content"] == (right["next_content"] or 0) + 20
        assert after["revision"] == (right["revision"] or 0) + 1


@pytest.mark.parametrize("harm", HARMS)
def test_a_picture_that_is_new_never_gets_the_content_of_another(folder: Path, harm: str) -> None:
    with EmbeddingStore(folder) as store:
        store._facts.connection.execute(HARMS[harm], ("next_content",))
        store.register(archive_of(range(120)))
        fill(store, range(50, 120), batch=7)
        check(store, range(120))


def test_a_counter_that_is_right_is_not_counted(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(counters, "counted", lambda *_: pytest.fail("that reads whole tables"))
    with EmbeddingStore(folder) as store:
        store.usage()
        store.register(archive_of(range(70)))
        fill(store, range(50, 70))
