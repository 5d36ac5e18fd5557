"""How RAS is: what is gathered, what is said of it, and what repairing and clearing do."""

from __future__ import annotations

import json
import os
import shutil
import sqlite3
from pathlib import Path

import pytest

from ras.crashes.report import save_report
from ras.errors import SkipReason, StoreError
from ras.gui.health_clearing import CLEARINGS
from ras.gui.stored_archives import compact_store, count_indexed, list_archives, remove_archives, verify_store
from ras.health import gather
from ras.health.aside import clear_set_aside, set_aside
from ras.health.care import clear_everything, forget_failures, repair
from ras.health.facts import NONE, READ_ONLY, UNUSABLE, WRITABLE, Health
from ras.health.words import FINE, TROUBLE, as_json, as_text, headline, sections
from ras.images.decoders import MOST_SECONDS
from ras.images.memory import most_memory
from ras.paths import data_folder, store_folder
from ras.records import finish
from ras.settings import Settings
from ras.store import EmbeddingStore, Failure, last_verify
from ras.store.verified import FILE
from ras.text import size
from tests.store_samples import DIMENSION, ENCODER, archive_of, entry_of


def looked(**settings: int) -> Health:
    return finish(gather(Settings(**settings)))  # type: ignore[arg-type]


def fill(pictures: int = 6, failures: int = 2) -> None:
    archive = archive_of(range(pictures))
    with EmbeddingStore(store_folder()) as store:
        store.register(archive)
        records = archive.records
        lost = [
            Failure(record.key, SkipReason.EXPIRED if number else SkipReason.GONE, "it is gone", 1.0, "")
            for number, record in enumerate(records[:failures])
        ]
        store.add(ENCODER, DIMENSION, [entry_of(number) for number in range(failures, pictures)], lost)


def state_of(health: Health, title: str) -> str:
    return next(section.state for section in sections(health) if section.title == title)


def test_looking_makes_nothing(ras_home: Path) -> None:
    health = looked()
    assert health.store.state == NONE
    assert headline(health) == "Everything is in order."
    assert os.listdir(ras_home) == []


def test_what_is_stored_and_what_was_left_out() -> None:
    fill()
    health = looked()
    assert health.store.state == WRITABLE
    assert health.store.archives == 1
    assert health.store.usage is not None
    assert health.store.usage.pictures == 6
    assert health.store.failures == ((SkipReason.EXPIRED, 1), (SkipReason.GONE, 1))
    assert {section.state for section in sections(health)} == {FINE}
    text = as_text(health)
    assert "2 pictures of the indexed archives could not be had." in text
    assert "Not yet. “Verify”" in text
    told = as_json(health)
    assert told["left_out"] == {"expired_link": 1, "gone": 1}
    assert told["in_order"] is True
    json.dumps(told)


def test_the_limits_are_those_in_force() -> None:
    said = {limit.name: limit.value for limit in looked(max_megabytes=7, max_megapixels=9, connections=3).limits}
    assert said["A picture of an archive"] == "up to 7 MB"
    assert said["Its pixels"] == "up to 9 million"
    assert said["Downloads at a time"] == "3"
    assert said["Decoding a picture"].endswith(f" of memory, {MOST_SECONDS:.0f} s")
    assert size(most_memory(9_000_000)) in said["Decoding a picture"]


def test_a_limit_that_changes_in_the_program_is_told_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ras.images.query.MAX_QUERY_BYTES", 3_000_000)
    monkeypatch.setattr("ras.indexing.pipeline.MOST_BYTES", 5_000_000)
    said = " ".join(limit.value for limit in looked().limits)
    assert "3.0 MB" in said
    assert "5.0 MB" in said


def test_a_verification_is_remembered_by_whoever_made_it() -> None:
    fill()
    with EmbeddingStore(store_folder()) as store:
        finish(store.verify())
    last = looked().store.verified
    assert last is not None
    assert last.report.damaged == ()
    assert state_of(looked(), "Last verification") == FINE
    (store_folder() / FILE).write_text('{"at": "yesterday"', "utf-8")
    assert last_verify(store_folder()) is None
    (store_folder() / FILE).write_text('{"at": "2026-01-01T00:00:00", "shards": 1e999, "damaged": 3}', "utf-8")
    assert last_verify(store_folder()) is None
    assert looked().store.verified is None


def damaged_shard(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("ras.store.filling.SHARD_ROWS", 2)
    fill()
    shard = sorted((store_folder() / "shards").iterdir())[0]
    shard.write_bytes(shard.read_bytes()[:-4] + b"oops")


def test_repair_sets_damage_aside_and_names_the_archive(monkeypatch: pytest.MonkeyPatch) -> None:
    damaged_shard(monkeypatch)
    repaired = finish(repair())
    assert repaired.verified.lost > 0
    assert repaired.incomplete == (("general", repaired.verified.lost),)
    assert "Open and index again: “general”" in repaired.sentence
    health = looked()
    assert state_of(health, "Last verification") == TROUBLE
    assert state_of(health, "Set aside") == TROUBLE
    assert len(health.aside) == 1
    assert headline(health) == "2 things to look at: Last verification, Set aside."
    again = finish(repair())
    assert again.verified.damaged == ()
    assert "Nothing is damaged." in again.sentence


def test_repair_begins_anew_where_the_facts_are_damaged() -> None:
    fill(400, 0)
    with EmbeddingStore(store_folder()) as store:
        store._facts.tidy_up()
    path = store_folder() / "facts.sqlite"
    data = bytearray(path.read_bytes())
    for at in range(8192, len(data) - 4096, 8192):  # every other page; the roots of the tables stay
        data[at + 100 : at + 4000] = bytes(3900)
    path.write_bytes(bytes(data))
    repaired = finish(repair())
    assert "are damaged" in repaired.verified.damaged[0]
    assert repaired.compacted is None
    assert "a new one was begun" in repaired.sentence
    assert not (store_folder() / "facts.damaged").exists()  # the repair itself has opened the new one
    assert repaired.incomplete == (("general", 400),)
    health = looked()
    assert health.store.state == WRITABLE
    assert health.store.archives == 0
    assert any(each.path.name.startswith("store.damaged-") for each in health.aside)


def test_what_was_set_aside_is_found_and_deleted_and_nothing_else(ras_home: Path) -> None:
    fill()
    (store_folder() / "damaged").mkdir()
    (store_folder() / "damaged" / "a.joblib").write_bytes(b"a" * 10)
    whole = ras_home / "store.damaged-2026-01-02-2"
    whole.mkdir()
    (whole / "facts.sqlite").write_bytes(b"b" * 20)
    (ras_home / "settings.json.corrupt").write_bytes(b"c" * 5)
    mine = [ras_home / "store.damaged-2026-01-02x", ras_home / "notes", ras_home / "store.damaged"]
    for path in mine:
        path.mkdir()
    assert {each.path.name: each.bytes for each in set_aside()} == {
        "a.joblib": 10,
        "store.damaged-2026-01-02-2": 20,
        "settings.json.corrupt": 5,
    }
    assert finish(clear_set_aside()) == 35
    assert set_aside() == ()
    assert all(path.exists() for path in mine)
    assert looked().store.archives == 1


@pytest.mark.skipif(os.name == "nt", reason="links need a right there")
def test_a_link_in_place_of_what_was_set_aside_harms_nobody(tmp_path: Path, ras_home: Path) -> None:
    fill()
    others = tmp_path / "others"
    others.mkdir()
    (others / "precious").write_text("x", "utf-8")
    (store_folder() / "damaged").symlink_to(others)
    (ras_home / "store.damaged-2026-01-02").symlink_to(others)
    finish(clear_set_aside())
    assert (others / "precious").exists()
    assert not (ras_home / "store.damaged-2026-01-02").is_symlink()


def test_failures_are_forgotten() -> None:
    fill()
    assert finish(forget_failures()) == 2
    assert looked().store.failures == ()
    assert looked().store.archives == 1


def test_everything_is_cleared(monkeypatch: pytest.MonkeyPatch) -> None:
    damaged_shard(monkeypatch)
    finish(repair())
    before = looked().store.usage
    assert before is not None
    freed = finish(clear_everything())
    health = looked()
    assert health.store.usage is not None
    assert (health.store.archives, health.store.usage.pictures, health.aside) == (0, 0, ())
    assert health.store.verified is None
    assert 0 < freed <= before.total_bytes
    assert health.store.usage.total_bytes < before.total_bytes


def test_a_store_that_cannot_be_opened_is_said_so() -> None:
    fill()
    (store_folder() / "facts.sqlite").unlink()
    for left in store_folder().glob("facts.sqlite-*"):
        left.unlink()
    connection = sqlite3.connect(store_folder() / "facts.sqlite")
    connection.execute("CREATE TABLE other (x)")
    connection.commit()
    connection.close()
    health = looked()
    assert health.store.state == UNUSABLE
    assert state_of(health, "Store") == TROUBLE
    assert "is a database of another program" in as_text(health)
    shutil.rmtree(store_folder())


def test_a_store_of_a_newer_version_is_said_so() -> None:
    fill()
    with EmbeddingStore(store_folder()) as store:
        store._facts.connection.execute("PRAGMA user_version = 99")
    health = looked()
    assert health.store.state == UNUSABLE
    text, told = as_text(health), as_json(health)
    assert "was written by a newer RAS" in text
    assert "Left out: Unknown, since the store cannot be opened." in text
    assert "Last verification: Unknown" in text
    assert (told["left_out"], told["store"]["archives"], told["store"]["usage"]) == (None, None, None)
    for what in ("failures", "everything"):
        assert CLEARINGS[what].why_not(health) == "the store cannot be opened"


def test_facts_that_are_lost_are_no_store_that_is_not_there_yet() -> None:
    fill()
    with EmbeddingStore(store_folder()) as store:
        finish(store.verify())
    (store_folder() / "facts.sqlite").unlink()
    health = looked()
    assert "facts.sqlite is gone" in as_text(health)
    assert state_of(health, "Store") == TROUBLE
    assert state_of(looked(), "Set aside") == TROUBLE


def test_where_the_store_is_gone_none_is_made(ras_home: Path) -> None:
    fill()
    shutil.rmtree(ras_home)
    for care in (repair, forget_failures, clear_everything, verify_store, compact_store, lambda: remove_archives([1])):
        with pytest.raises(StoreError, match="is gone: it was moved or deleted"):
            finish(care())
    assert count_indexed(archive_of(range(6)), ENCODER) is None
    assert finish(list_archives()).archives == ()
    assert looked().store.state == NONE
    assert not ras_home.exists()


@pytest.mark.skipif(os.name == "nt" or not hasattr(os, "geteuid"), reason="folders are not write-protected there")
def test_a_store_that_cannot_be_written_is_said_so(monkeypatch: pytest.MonkeyPatch) -> None:
    fill()
    monkeypatch.setattr("ras.store.connection.Facts._open_to_write", _denied)
    health = looked()
    assert health.store.state == READ_ONLY
    assert state_of(health, "Store") == TROUBLE
    assert "It cannot be written" in as_text(health)


def _denied(*_: object) -> None:
    raise PermissionError(13, "Permission denied")


def test_a_report_of_a_crash_is_a_thing_to_look_at() -> None:
    save_report(ValueError("x"), "window")
    health = looked()
    assert len(health.crashes) == 1
    assert state_of(health, "Crash reports") == TROUBLE


def test_a_copied_text_has_no_name_of_the_user(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))
    monkeypatch.setenv("RAS_HOME", str(tmp_path / "ras"))
    assert str(data_folder()).startswith(str(tmp_path))
    text = as_text(looked())
    assert str(tmp_path) not in text
    assert f"Data folder: ~{os.sep}ras" in text
