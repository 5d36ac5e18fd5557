"""What must be true after the work of ``indexing_work`` was killed or failed: nothing is lost, it can be finished."""

from __future__ import annotations

import dataclasses
import pickle
from pathlib import Path
from typing import Any, Iterator, Sequence

from ras.encoders.fingerprint import FingerprintEncoder
from ras.engine import build_engine
from ras.matching.local import LocalExtractor
from ras.records import Notice, finish
from ras.store import EmbeddingStore
from tests.drawn_archives import apply, drawn, file_of, query_of
from tests.reliability.faulty_disk import Fault, faulty
from tests.reliability.forks import SAYS, say
from tests.reliability.indexing_work import SETTINGS, SIDES, Work, make_exports, picture_file

ENCODER = FingerprintEncoder.id
MODES = ("faiss", "cached")
QUERIES = ("the same bytes", "a part", "none")


def prepare(folder: str) -> None:
    """Make the exports, do the work undisturbed, and keep what came out of it."""
    make_exports(Path(folder))
    _draw_queries(Path(folder))
    work = Work(Path(folder), Path(folder) / "undisturbed")
    by_hash: dict[str, Any] = {}
    failures: dict[str, Any] = {}
    with faulty(work.home, Fault(-1), SAYS):
        for step in work.steps():
            if step == "removing":
                with EmbeddingStore(work.store_folder) as store:
                    by_hash, failures = _by_hash(store), _failures(store)
    expected = {"by_hash": by_hash, "failures": failures, "outcome": outcome(work)}
    (work.folder / "expected.pickle").write_bytes(pickle.dumps(expected))


def killed(folder: str, home: str, fault: Sequence[Any]) -> None:
    """Do the work on a disk with that fault, saying what is committed and which step begins."""
    work = Work(Path(folder), Path(home))
    work.tell_commits()
    with faulty(work.home, Fault(*fault), SAYS):
        for step in work.steps():
            say(step)


def examine(folder: str, home: str, said: Sequence[Any]) -> None:
    """Say what is wrong with what work left that ``said`` that; then finish it, and say what came out otherwise."""
    work = Work(Path(folder), Path(home))
    steps = [line for line in said if isinstance(line, str)]
    for trouble in lost(work, [line for line in said if "pictures" in line], steps):
        say(trouble)
    for _ in work.steps(steps):
        pass
    for trouble in differences(work):
        say(trouble)


def lost(work: Work, committed: Sequence[Any], steps: Sequence[str]) -> Iterator[str]:
    """What is not in the store, or not whole, of what was committed; and what opening and verifying found."""
    with EmbeddingStore(work.store_folder) as store:
        yield from _lost(work, store, committed, "removing" in steps)


def _expected(work: Work) -> Any:
    return pickle.loads((work.folder / "expected.pickle").read_bytes())


def _lost(work: Work, store: EmbeddingStore, committed: Sequence[Any], removing: bool) -> Iterator[str]:
    expected = _expected(work)
    yield from (f"opening said: {sentence}" for sentence in store.notices)
    report = finish(store.verify())
    yield from (f"verify said: {sentence}" for sentence in report.damaged)
    if (store.folder / "damaged").exists():
        yield "something was set aside"
    keys = {record.key for name in (("new",) if removing else ("old", "new")) for record in work.archive(name).records}
    there, failures = _by_hash(store), _failures(store)
    hash_of = {key: content for key, content in _hashes_of_keys(work, store).items() if content is not None}
    pictures: dict[str, str] = {}
    described: set[str] = set()
    failed: set[str] = set()
    for line in committed:
        pictures.update(line["pictures"])
        described.update(line["features"])
        failed.update(line["failures"])
    needed = {content for key, content in pictures.items() if key in keys}
    for key in sorted(keys.intersection(pictures)):
        if hash_of.get(key) != pictures[key]:
            yield f"the picture {key} was committed and is gone"
    for content in sorted(needed):
        for kind, before, now in zip(("embedding", "preview"), expected["by_hash"][content], there.get(content, "??")):
            if before != now:
                yield f"the {kind} of {content[:8]} was committed and is gone or another"
    for content in sorted(described & needed):
        if there.get(content, (None,) * 3)[2] != expected["by_hash"][content][2]:
            yield f"the features of {content[:8]} were committed and are gone or others"
    for key in sorted(failed & keys):
        if failures.get(key) != expected["failures"][key]:
            yield f"the failure of {key} was committed and is gone or another"


def _by_hash(store: EmbeddingStore) -> dict[str, tuple[bytes | None, bytes | None, bytes | None]]:
    """Content hash → its embedding, preview and features."""
    view = store.view(ENCODER)
    contents = view.contents.tolist()
    rows = {contents[n]: row.tobytes() for numbers, block in view.blocks() for n, row in zip(numbers.tolist(), block)}
    names = store.content_hashes(contents)
    previews, features = store.previews(list(names)), store.features(list(names), LocalExtractor.id)
    return {name: (rows.get(id), previews.get(id), features.get(id)) for id, name in names.items()}


def _failures(store: EmbeddingStore) -> dict[str, Any]:
    return {key: (failure.reason, failure.detail, failure.limits) for key, failure in store.failures().items()}


def _hashes_of_keys(work: Work, store: EmbeddingStore) -> dict[str, str | None]:
    """Key → the hash of its content, of the pictures that have an embedding."""
    records = [record for name in ("old", "new") for record in work.archive(name).records]
    contents = store.contents_of(records, ENCODER).tolist()
    names = store.content_hashes([content for content in contents if content >= 0])
    return {record.key: names.get(content) for record, content in zip(records, contents)}


def outcome(work: Work) -> dict[str, Any]:
    """All that the store has when the work is done, and what searches find: bit for bit the same for the same work."""
    archive = work.archive("new")
    seen: dict[str, Any] = {}
    queries = [query_of((work.folder / f"{name}.query").read_bytes(), name) for name in QUERIES]
    engine = finish(build_engine(SETTINGS))
    try:
        for mode in MODES:
            job = engine.search_many(queries, archive, mode)
            told = []
            while True:
                try:
                    event = next(job)
                except StopIteration as stop:
                    reports = stop.value
                    break
                if isinstance(event, Notice):
                    told.append(event.text)
            seen[f"what {mode} finds"] = [
                [dataclasses.replace(result, content="") for result in report.results] for report in reports
            ]
            seen[f"what {mode} says"] = [told, [report.mode for report in reports]]
    finally:
        engine.close()
    with EmbeddingStore(work.store_folder) as store:
        seen["contents"], seen["failures"] = _by_hash(store), _failures(store)
        seen["pictures"] = _hashes_of_keys(work, store)
        stored = store.archives()
        seen["archives"] = [(one.name, one.pictures) for one in stored]
        seen["records"] = store.load([one.id for one in stored]).records if stored else ()
        facts = store.index_facts(ENCODER)
        embedded = set(store.view(ENCODER).contents.tolist())
        seen["embeddings"] = len(embedded)
        # Rows of pictures that are gone may be in it: no search finds them.
        seen["in the index"] = 0 if facts is None else len(embedded.intersection(facts.contents.tolist()))
        report = finish(store.verify())
        seen["verify"], seen["notices"] = report.damaged, store.notices
        seen["left over"] = left_over(store)
    return seen


def _draw_queries(folder: Path) -> None:
    part = apply("crop to 75 % of area", drawn(9), [], "work").resize(SIDES)
    for name, data in zip(QUERIES, (picture_file(5), file_of(part), file_of(drawn(77).resize(SIDES)))):
        (folder / f"{name}.query").write_bytes(data)


def left_over(store: EmbeddingStore) -> list[str]:
    """Files in the store's folder that nothing in it refers to."""
    connection = store._facts.connection
    known = {"facts.sqlite", "facts.sqlite-wal", "facts.sqlite-shm", "index.lock"}
    for table, folder in (("shards", "shards"), ("indexes", "indexes"), ("segments", "features")):
        known.update(f"{folder}/{file}" for (file,) in connection.execute(f"SELECT file FROM {table}"))
    files = {str(path.relative_to(store.folder)) for path in store.folder.rglob("*") if path.is_file()}
    return sorted(files - known)


def differences(work: Work) -> Iterator[str]:
    """What is otherwise than after the undisturbed work."""
    found = outcome(work)
    for name, value in _expected(work)["outcome"].items():
        if found[name] != value:
            yield f"{name}: {str(found[name])[:300]} instead of {str(value)[:300]}"
