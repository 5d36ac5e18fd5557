"""Searching by text from the command line: with a CLIP, with none, and what is wrong in a call."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tests.program import index, local_export, picture, ras

TEXT = "a cat with a hat"


@pytest.fixture
def export(tmp_path: Path) -> Path:
    return local_export(tmp_path / "export", 1, 2, 3)


@pytest.fixture(scope="module")
def weights(tmp_path_factory: pytest.TempPathFactory) -> Path:
    pytest.importorskip("torch", reason="CLIP needs torch")
    from tests import tiny_clip

    return tiny_clip.write_state_dict(tmp_path_factory.mktemp("clip") / "tiny.pt")


def answer(weights: Path, *arguments: object) -> Any:
    done = ras("search", *arguments, "--json", "--encoder", "clip", "--clip-weights", weights, "--device", "cpu")
    assert done.returncode in (0, 1), done.stderr
    return json.loads(done.stdout)


def test_a_text_is_searched_for_alone_and_with_pictures(export: Path, weights: Path, tmp_path: Path) -> None:
    alone = answer(weights, export, "--text", f"  {TEXT} ")
    assert (alone["query"], alone["text"], alone["text_weight"], alone["scope"]) == (TEXT, TEXT, None, "all")
    assert (alone["mode"], alone["searched"], len(alone["results"])) == ("realtime", 3, 3)
    scores = [result["score"] for result in alone["results"]]
    assert scores == sorted(scores, reverse=True)
    assert not {result["verdict"] for result in alone["results"]} & {"identical", "altered"}
    query = picture(tmp_path / "query.png", 2)
    plain = answer(weights, export, query)
    both = answer(weights, export, query, "--text", TEXT, "--text-weight", "0.3")
    assert (both["query"], both["text"], both["text_weight"]) == (str(query), TEXT, 0.3)
    assert both["results"][0]["file_name"] == plain["results"][0]["file_name"] == "2.png"
    assert both["results"][0]["verdict"] in ("identical", "altered")
    assert both["results"][0]["score"] != plain["results"][0]["score"]


def test_the_fingerprint_says_that_it_knows_no_text_before_an_archive_is_read(tmp_path: Path) -> None:
    for pictures in ((), (picture(tmp_path / "query.png", 2),)):
        done = ras("search", tmp_path / "none.json", *pictures, "--text", TEXT, "--encoder", "fingerprint")
        assert (done.returncode, done.stdout) == (3, "")
        assert done.stderr.strip() == "Fingerprint cannot search by text; the CLIP encoder can."


def test_what_is_indexed_is_searched_without_a_file(export: Path) -> None:
    """The call is understood: it fails by the encoder alone."""
    assert index(export).returncode == 0
    done = ras("search", "--indexed", "all", "--text", TEXT, "--encoder", "fingerprint")
    assert done.stderr.strip() == "Fingerprint cannot search by text; the CLIP encoder can."


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("x.json", "--text", " "), "there is nothing in it"),
        (("x.json", "--text", TEXT, "--text-weight", "1.5"), "'1.5' is no number from 0 to 1"),
        (("x.json", "--text", TEXT, "--text-weight", "nan"), "'nan' is no number from 0 to 1"),
        (("x.json", "--text", TEXT, "--text-weight", "0.5"), "how much a text counts beside a picture: name both"),
        (("x.json", "y.png", "--text-weight", "0.5"), "how much a text counts beside a picture: name both"),
        (("x.json", "--text", TEXT, "--show", "copies"), "A text has no copies: search for it without --show copies"),
        (("y.png", "--text", TEXT), "No archive was given, only pictures"),
        (("--text", TEXT), "search needs an archive and a picture"),
        (("x.json",), "search needs an archive and a picture"),
        ((), "search needs an archive and a picture"),
        (("--indexed", "all"), "search needs an archive and a picture"),
    ],
)
def test_a_call_that_makes_no_sense_is_a_user_error(arguments: tuple[str, ...], sentence: str) -> None:
    done = ras("search", *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert sentence in done.stderr
