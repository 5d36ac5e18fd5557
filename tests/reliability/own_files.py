"""Trials of damage to the small files of the data folder: RAS goes on with what was written, or what it begins with."""

from __future__ import annotations

import hashlib
import os
from pathlib import Path
from random import Random
from typing import Any, Callable, NamedTuple
from unittest import mock

from PIL import Image

from ras import one_window
from ras.encoders import weights
from ras.errors import RASError
from ras.gui.bench import LoadedQuery
from ras.gui.kept_queries import folder as queries_folder
from ras.gui.kept_queries import keep, kept
from ras.launch.lock import Lock
from ras.launch.state import State, read_state, write_state
from ras.paths import data_folder
from ras.records import Query, finish
from ras.settings import Settings, load_settings, save_settings
from ras.settings_file import export_settings, import_settings
from ras.store import EmbeddingStore, VerifyReport, last_verify, verified
from tests.reliability.damage_trials import Broken, no_bug, no_hang
from tests.reliability.harms import HARMS, Surroundings


class OwnFile(NamedTuple):
    file: Callable[[], Path]
    write: Callable[[], object]
    read: Callable[[], Any]
    is_sound: Callable[[object], bool]
    """Whether RAS can go on with what was read: the values that it begins with, or a letter of one that is another."""


def _picture_of_a_query() -> Path:
    return sorted(queries_folder().glob("*.png"))[0]


def _keep_a_query() -> None:
    image = Image.radial_gradient("L").convert("RGB")
    finish(keep(LoadedQuery(Query(image, "a query", "0" * 64), image)))


def _read_queries() -> list[tuple[str, bytes]]:
    return [(one.query.name, one.image.tobytes() if one.image is not None else b"") for one in finish(kept())]


def _write_weights() -> Path:
    """Small ones that count as published."""
    path = weights.weights_path("ViT-B/32")
    path.parent.mkdir(parents=True, exist_ok=True)
    if path.is_dir():
        os.rename(path, path.with_name("away"))
    path.with_name("new").write_bytes(b"weights" * 1000)
    os.replace(path.with_name("new"), path)
    return path


def _find_weights() -> bool:
    published = weights.Weights("ViT-B-32.pt", _SHA256, 7000)
    with mock.patch.dict(weights.WEIGHTS, {"ViT-B/32": published}):
        return finish(weights.find_weights("ViT-B/32")) is not None


_SHA256 = hashlib.sha256(b"weights" * 1000).hexdigest()


def _write_address() -> None:
    one_window._write_private(data_folder() / "window.json", '{"socket": "/nowhere", "secret": "0"}')


def _write_state() -> None:
    (data_folder() / "env").mkdir(parents=True, exist_ok=True)
    write_state(data_folder() / "env", State("3.11", "python"))


def _acquire() -> bool:
    lock = Lock(data_folder() / "window.lock")
    try:
        return lock.acquire()
    finally:
        lock.release()


def _verify() -> None:
    with EmbeddingStore(data_folder() / "store") as store:
        verified.keep(store.folder, VerifyReport(1, ("a sentence",), 2))


OWN_FILES = {
    "settings": OwnFile(
        lambda: data_folder() / "settings.json",
        lambda: save_settings(Settings(top_k=7)),
        load_settings,
        lambda read: isinstance(read, Settings),
    ),
    "settings to import": OwnFile(
        lambda: data_folder() / "exported.json",
        lambda: export_settings(data_folder() / "exported.json", Settings(top_k=7), overwrite=True),
        lambda: import_settings(data_folder() / "exported.json"),
        lambda read: isinstance(read, (dict, RASError)),
    ),
    "query history": OwnFile(
        lambda: queries_folder() / "queries.json", _keep_a_query, _read_queries, lambda read: isinstance(read, list)
    ),
    "picture of a query": OwnFile(
        _picture_of_a_query, _keep_a_query, _read_queries, lambda read: isinstance(read, list)
    ),
    "weights": OwnFile(
        lambda: weights.weights_path("ViT-B/32"), _write_weights, _find_weights, lambda read: read is False
    ),
    "checked weights": OwnFile(
        lambda: data_folder() / "models" / "verified.json",
        lambda: (_write_weights(), _find_weights()),
        _find_weights,
        lambda read: read is True,
    ),
    "environment": OwnFile(
        lambda: data_folder() / "env" / "ras-environment.json",
        _write_state,
        lambda: read_state(data_folder() / "env"),
        lambda read: read in (None, State()) or isinstance(read, State),
    ),
    "address of the window": OwnFile(
        lambda: data_folder() / "window.json",
        _write_address,
        lambda: one_window.hand_over(["/a"]),
        lambda read: read is False,
    ),
    "lock of the window": OwnFile(
        lambda: data_folder() / "window.lock",
        _acquire,
        _acquire,
        lambda read: read is True or isinstance(read, OSError),
    ),
    "last verify": OwnFile(
        lambda: data_folder() / "store" / verified.FILE,
        _verify,
        lambda: last_verify(data_folder() / "store"),
        lambda read: read is None or hasattr(read, "report"),
    ),
}


def try_own_file(name: str, harm: str, seed: int, place: Path) -> None:
    """Harm the file in a data folder of its own. Raises Broken."""
    own = OWN_FILES[name]
    (place / "home").mkdir(parents=True)
    (place / "outside").mkdir()
    with mock.patch.dict(os.environ, {"RAS_HOME": str(place / "home"), "HOME": str(place)}), no_hang(), no_bug():
        own.write()
        before = _read(own)
        around = Surroundings(place / "outside")
        HARMS[harm](own.file(), Random(f"{name}/{harm}/{seed}"), around)
        after = _read(own)
        if after != before and not own.is_sound(after):
            raise Broken(f"it reads {after!r}")
        try:
            own.write()
        except (RASError, OSError) as exc:
            if harm not in ("make a folder", "make a pipe", "link outside"):
                raise Broken(f"it cannot be written any more: {exc}") from exc
        around.check()


def _read(own: OwnFile) -> Any:
    """What is read, or the error whose text the user is shown."""
    try:
        return own.read()
    except (RASError, OSError) as exc:
        return exc
