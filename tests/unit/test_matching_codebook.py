"""Words and signatures: nearest centres and signs, each descriptor for itself; counting bits in either way."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from ras.matching import codebook
from ras.matching.codebook import CENTRES, DIMENSIONS, WORDS, Codebook, load_codebook, ones, ones_by_sums
from ras.matching.keypoints import find_keypoints
from tests.copies import drawn


@pytest.fixture(scope="module")
def book() -> Codebook:
    return load_codebook()


@pytest.fixture(scope="module")
def values(book: Codebook) -> np.ndarray:
    """(n, 64): of a picture's keypoints."""
    luma = np.asarray(drawn("codebook").convert("L"))
    found = codebook.reduced(find_keypoints(luma, 200)[1], book)
    assert len(found) > 100
    return found


def test_the_constants_are_small_numbers(book: Codebook) -> None:
    shapes = [array.shape for array in book]
    assert shapes == [(128,), (128, 64), (2, 128, 32), (64, 64), (64,)]
    assert all(array.dtype == np.float32 and np.isfinite(array).all() for array in book)
    assert np.allclose(book.rotation @ book.rotation.T, np.eye(64), atol=0.01), "it turns, and no more"
    assert load_codebook() is book, "it is loaded once"


def test_a_file_of_pickles_is_refused(tmp_path: Path, book: Codebook) -> None:
    path = tmp_path / "book.npz"
    np.savez(path, **{**book._asdict(), "mean": np.array([{}], object)})
    with pytest.raises(ValueError, match="pickle"):
        load_codebook(path)


def test_words_are_those_with_the_nearest_centres(book: Codebook, values: np.ndarray) -> None:
    some = values[:40].astype(np.float64)
    halves = [
        ((some[:, None, part] - book.centres[number].astype(np.float64)) ** 2).sum(axis=2)
        for number, part in enumerate((slice(0, 32), slice(32, 64)))
    ]
    far = (halves[0][:, :, None] + halves[1][:, None, :]).reshape(len(some), WORDS)
    rows = np.arange(len(some))[:, None]
    for nearest in (1, 2, 4):
        found = codebook.words(values[:40], book, nearest)
        assert found.dtype == np.uint16
        assert found.shape == (40, nearest)
        assert np.allclose(far[rows, found], np.sort(far, axis=1)[:, :nearest], atol=1e-5)
        assert all(len(set(row)) == nearest for row in found.tolist())


def test_the_first_of_several_words_is_the_only_one(book: Codebook, values: np.ndarray) -> None:
    """What is indexed by one word is asked for by it, too."""
    assert np.array_equal(codebook.words(values, book)[:, 0], codebook.words(values, book, 2)[:, 0])


def test_no_keypoints_have_no_words(book: Codebook) -> None:
    none = codebook.reduced(np.zeros((0, 128), np.float32), book)
    assert none.shape == (0, DIMENSIONS)
    assert codebook.words(none, book).shape == (0, 1)
    assert codebook.words(none, book, 2).shape == (0, 2)
    assert codebook.signatures(none, book).shape == (0,)


def test_a_descriptor_has_the_same_word_alone_and_among_others(book: Codebook, values: np.ndarray) -> None:
    """But for what the order of sums may change: a number that is a threshold to the last bit."""
    together = codebook.words(values, book, 2), codebook.signatures(values, book)
    again = codebook.words(values.copy(), book, 2), codebook.signatures(values.copy(), book)
    assert all(np.array_equal(*pair) for pair in zip(together, again))
    rows = range(0, len(values), 4)
    words = np.concatenate([codebook.words(values[row : row + 1], book, 2) for row in rows])
    signatures = np.concatenate([codebook.signatures(values[row : row + 1], book) for row in rows])
    assert (words[:, 0] == together[0][::4, 0]).mean() > 0.95
    assert ones(signatures ^ together[1][::4]).max() <= 1
    assert (signatures == together[1][::4]).mean() > 0.95


def test_a_signature_has_a_one_for_each_number_above_its_threshold(book: Codebook, values: np.ndarray) -> None:
    turned = values.astype(np.float64) @ book.rotation.astype(np.float64) - book.thresholds
    found = codebook.signatures(values, book)
    assert found.dtype == np.uint64
    for row, signature in zip(turned, found.tolist()):
        for bit, number in enumerate(row):
            assert (signature >> bit & 1) == (number > 0) or abs(number) < 1e-5


def test_words_and_signatures_tell_things_apart(values: np.ndarray, book: Codebook) -> None:
    words, signatures = codebook.words(values, book)[:, 0], codebook.signatures(values, book)
    assert len(set(words.tolist())) > len(values) / 2
    assert words.max() < WORDS == CENTRES**2
    among = ones(signatures[:, None] ^ signatures)[np.triu_indices(len(values), 1)]
    assert 24 < among.mean() < 40


@given(st.lists(st.integers(0, 2**64 - 1), max_size=40))
def test_bits_are_counted_alike_by_any_numpy(numbers: list[int]) -> None:
    values = np.array(numbers, np.uint64)
    expected = [bin(number).count("1") for number in numbers]
    for count in (ones, ones_by_sums):
        found = count(values)
        assert found.dtype == np.uint8
        assert found.tolist() == expected


def test_bits_are_counted_in_any_shape() -> None:
    values = np.array([[0, 1, 2**64 - 1], [2**63, 0x5555555555555555, 3]], np.uint64)
    for count in (ones, ones_by_sums):
        assert count(values).tolist() == [[0, 1, 64], [1, 32, 2]]
        assert count(values[:, :0]).shape == (2, 0)
