"""Zips as trees: what is in them is found and read, and no zip, however it lies, costs more than it may."""

from __future__ import annotations

import bz2
import dataclasses
import lzma
import ntpath
import os
import random
import sys
import threading
import time
import tracemalloc
import zipfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from ras.trees import TreeFile, ZipTree, exists, holder_of, is_tree, missing, open_tree, zip_directory
from tests.zips import Raw, raw_zip

DATA = b"".join(str(number).encode() for number in range(20_000))


def read(tree: ZipTree, name: str) -> bytes:
    with tree.open(name) as file:
        return file.read()


def refusal(path: Path) -> str:
    with pytest.raises(OSError, match=" ") as caught:
        ZipTree(str(path))
    return str(caught.value.strerror)


def everything(tree: ZipTree, folder: str = "") -> list[str]:
    prefix = f"{folder}/" if folder else ""
    names = [prefix + name for name in tree.files(folder)]
    for name in tree.folders(folder):
        names += everything(tree, prefix + name)
    return sorted(names)


METHODS = {
    "stored": zipfile.ZIP_STORED,
    "deflate": zipfile.ZIP_DEFLATED,
    "bzip2": zipfile.ZIP_BZIP2,
    "lzma": zipfile.ZIP_LZMA,
}


@pytest.mark.parametrize("method", METHODS.values(), ids=METHODS)
def test_a_zip_reads_like_its_folder(tmp_path: Path, method: int) -> None:
    path = tmp_path / "a.zip"
    noise = random.Random(1).randbytes(300_000) if sys.version_info >= (3, 9) else os.urandom(300_000)
    with zipfile.ZipFile(path, "w", method) as made:
        made.writestr("one.json", DATA)
        made.writestr("server/category/two.json", noise)
        made.writestr("server/empty.json", b"")
        made.writestr("bare/", b"")
    tree = ZipTree(str(path))
    assert tree.root == str(path)
    assert everything(tree) == ["one.json", "server/category/two.json", "server/empty.json"]
    assert tree.folders() == ("server",)
    assert tree.files("server") == ("empty.json",)
    assert tree.files("nowhere") == tree.folders("nowhere") == ()
    assert read(tree, "one.json") == DATA
    assert read(tree, "server/category/two.json") == noise
    assert read(tree, "server/empty.json") == b""
    assert tree.size("one.json") == len(DATA)
    assert abs(tree.modified("one.json") - time.time()) < 24 * 3600
    with tree.open("one.json") as file:  # in pieces
        assert b"".join(iter(lambda: file.read(777), b"")) == DATA
    for name in ("none.json", "server", "", "../one.json"):
        with pytest.raises(OSError, match="not in the zip"):
            tree.open(name)
        with pytest.raises(OSError, match="not in the zip"):
            tree.size(name)


def test_the_empty_zip(tmp_path: Path) -> None:
    tree = open_tree(str(raw_zip(tmp_path / "a.zip", [])))
    assert tree.files() == tree.folders() == ()


def test_time_is_local(tmp_path: Path) -> None:
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [Raw(b"a", b"1")])))
    assert time.localtime(tree.modified("a"))[:5] == (2024, 3, 1, 13, 16)


@pytest.mark.parametrize(
    "name",
    [
        b"../a.json",
        b"b/../../a.json",
        b"/etc/passwd",
        b"\\a.json",
        b"..\\a.json",
        b"b\\..\\..\\a.json",
        b"//host/share/a.json",
        b".",
        b"a\0.json",
        b"",
        b"/",
        b"x/" * 100 + b"a.json",
        b"x" * 5000,
    ],
)
def test_names_that_lead_out_or_that_nobody_has_are_left_out(tmp_path: Path, name: bytes) -> None:
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [Raw(name, b"1"), Raw(b"good.json", b"2")])))
    assert everything(tree) == ["good.json"]


def test_a_name_with_a_drive_stays_in_the_zip(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On Windows, to join ``C:\\a.zip`` and ``D:evil.json`` gives the latter."""
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [Raw(b"D:evil.json", b"1"), Raw(b"b/D:evil.json", b"1")])))
    tree.root = "C:\\a.zip"
    monkeypatch.setattr("ras.trees.os", SimpleNamespace(path=ntpath, sep="\\"))
    assert TreeFile(tree, "D:evil.json").path == "C:\\a.zip\\D:evil.json"
    assert TreeFile(tree, "b/D:evil.json").path == "C:\\a.zip\\b\\D:evil.json"


def test_links_are_left_out(tmp_path: Path) -> None:
    link = Raw(b"link.json", b"/etc/passwd", attributes=0o120777 << 16)
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [link, Raw(b"good.json", b"2", attributes=0o100644 << 16)])))
    assert everything(tree) == ["good.json"]


@pytest.mark.parametrize(
    ("raw", "flags", "extra", "name"),
    [
        ("bücher.json".encode(), 0x800, b"", "bücher.json"),
        ("bücher.json".encode(), 0, b"", "bücher.json"),
        ("bücher.json".encode("cp437"), 0, b"", "bücher.json"),
        (b"b\xffcher.json", 0x800, b"", "b\ufffdcher.json"),
        (
            b"b?cher.json",
            0,
            b"\x75\x70\x11\x00\x01"
            + zip_directory.zlib.crc32(b"b?cher.json").to_bytes(4, "little")
            + "bücher.json".encode(),
            "bücher.json",
        ),
        (b"b?cher.json", 0, b"\x75\x70\x06\x00\x01abcdx", "b?cher.json"),
        (b"a\x1b[2J\n.json", 0, b"", "a\x1b[2J\n.json"),
        (b"C:\\exports\\a.json", 0, b"", "C:/exports/a.json"),
        (b"./b//c.json", 0, b"", "b/c.json"),
    ],
)
def test_names_in_every_writing(tmp_path: Path, raw: bytes, flags: int, extra: bytes, name: str) -> None:
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [Raw(raw, b"1", flags=flags, extra=extra)])))
    assert everything(tree) == [name]
    assert read(tree, name) == b"1"


def test_of_two_files_of_one_name_the_later_counts(tmp_path: Path) -> None:
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [Raw(b"a.json", b"old"), Raw(b"a.json", b"new")])))
    assert everything(tree) == ["a.json"]
    assert read(tree, "a.json") == b"new"


@pytest.mark.parametrize("zip64", [False, True])
def test_data_before_and_after_the_zip(tmp_path: Path, zip64: bool) -> None:
    fake = b"PK\5\6" + bytes(10)
    files = [Raw(b"a.json", DATA), Raw(b"b/c.json", b"1")]
    path = raw_zip(tmp_path / "a.zip", files, before=b"MZ program", comment=b"a comment, and " + fake, zip64=zip64)
    tree = ZipTree(str(path))
    assert read(tree, "a.json") == DATA
    assert read(tree, "b/c.json") == b"1"


@pytest.mark.skipif(os.name == "nt", reason="needs files with holes")
def test_large_zips_of_the_mac(tmp_path: Path) -> None:
    """Without ZIP64: what lies behind 4 GB, and the list too, has an offset that began anew."""
    files = [Raw(b"a.json", DATA), Raw(b"b.json", b"22"), Raw(b"c.json", b"333")]
    data = raw_zip(tmp_path / "small.zip", files).read_bytes()
    second, third, listed = data.index(b"PK\3\4", 10), data.rindex(b"PK\3\4"), data.index(b"PK\1\2")
    moved = (1 << 32) - 10
    offsets = (0, moved, moved + third - second - (1 << 32))
    told = [dataclasses.replace(file, offset=offset) for file, offset in zip(files, offsets)]
    directory = raw_zip(tmp_path / "list.zip", told).read_bytes()
    start = moved + listed - second - (1 << 32)
    with (tmp_path / "a.zip").open("wb") as file:
        file.write(data[:second])
        file.seek(moved)
        file.write(data[second:listed] + directory[:-6] + start.to_bytes(4, "little") + directory[-2:])
    tree = ZipTree(str(tmp_path / "a.zip"))
    assert [read(tree, name) for name in ("a.json", "b.json", "c.json")] == [DATA, b"22", b"333"]


def test_zip64_of_another_program(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w") as made, made.open("a.json", "w", force_zip64=True) as file:
        file.write(DATA)
    assert read(ZipTree(str(path)), "a.json") == DATA


def test_zips_that_stream_have_their_sizes_behind(tmp_path: Path) -> None:
    """As ``zip -`` writes them, into a pipe."""

    class Pipe:
        def __init__(self, path: Path) -> None:
            self.file = path.open("wb")

        def write(self, data: bytes) -> int:
            return self.file.write(data)

        def flush(self) -> None:
            self.file.flush()

    pipe = Pipe(tmp_path / "a.zip")
    with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as made:  # type: ignore[arg-type]
        made.writestr("a.json", DATA)
    pipe.file.close()
    assert read(ZipTree(str(tmp_path / "a.zip")), "a.json") == DATA


@pytest.mark.parametrize("method", [9, 93, 97, 99])
def test_ways_of_packing_that_nobody_reads_here(tmp_path: Path, method: int) -> None:
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [Raw(b"a.json", b"1", method=method), Raw(b"b.json", b"2")])))
    with pytest.raises(OSError, match="unpack the zip and open the folder"):
        tree.open("a.json")
    assert read(tree, "b.json") == b"2"


def test_passwords(tmp_path: Path) -> None:
    tree = ZipTree(str(raw_zip(tmp_path / "a.zip", [Raw(b"a.json", b"1", flags=1)])))
    with pytest.raises(OSError, match="password"):
        tree.open("a.json")


# -- lies and bombs ----------------------------------------------------------------------------------------------------


def packed_by(method: int, data: bytes) -> bytes:
    if method == 12:
        return bz2.compress(data)
    filters = [{"id": lzma.FILTER_LZMA1, "dict_size": 1 << 16, "lc": 3, "lp": 0, "pb": 2}]
    properties = bytes([(2 * 5 + 0) * 9 + 3]) + (1 << 16).to_bytes(4, "little")
    return b"\x09\x14\x05\x00" + properties + lzma.compress(data, lzma.FORMAT_RAW, filters=filters)


@pytest.mark.parametrize("method", [0, 8, 12, 14])
def test_never_more_comes_out_than_a_file_says(tmp_path: Path, method: int) -> None:
    data = bytes(60_000_000)
    packed = None if method in (0, 8) else packed_by(method, data)
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", data, method=method, packed=packed, size=10)])
    del data
    tracemalloc.start()
    try:
        with ZipTree(str(path)).open("a.json") as file, pytest.raises(OSError, match="damaged"):
            file.read()
        assert tracemalloc.get_traced_memory()[1] < 3_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("method", [8, 12, 14])
def test_a_bomb_is_read_in_bounded_memory(tmp_path: Path, method: int) -> None:
    """It may be read, since it is not large as such: whoever reads stops when it is enough."""
    data = bytes(100_000_000)
    packed = None if method == 8 else packed_by(method, data)
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", data, method=method, packed=packed)])
    del data
    tracemalloc.start()
    try:
        with ZipTree(str(path)).open("a.json") as file:
            assert file.read(1_000_000) == bytes(1_000_000)
        assert tracemalloc.get_traced_memory()[1] < 6_000_000
    finally:
        tracemalloc.stop()


def test_less_than_a_file_says(tmp_path: Path) -> None:
    for method in (0, 8, 12, 14):
        packed = None if method in (0, 8) else packed_by(method, b"12345")
        path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", b"12345", method=method, packed=packed, size=9)])
        with ZipTree(str(path)).open("a.json") as file, pytest.raises(OSError, match="damaged"):
            file.read()


def test_a_wrong_checksum_is_noticed(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", b"12345", method=0, crc=7)])
    with ZipTree(str(path)).open("a.json") as file, pytest.raises(OSError, match="checksum"):
        file.read()


def test_a_zip_that_would_unpack_to_far_too_much_is_refused(tmp_path: Path) -> None:
    one = Raw(b"a.json", b"1" * 1000, size=4_000_000_000)
    assert "zip bomb" in refusal(raw_zip(tmp_path / "a.zip", [one]))
    many = [Raw(b"%d.json" % number, b"", size=200_000_000) for number in range(6)]
    assert "zip bomb" in refusal(raw_zip(tmp_path / "a.zip", many))
    petabytes = [Raw(b"a.json", b"1", size=1 << 60)]
    assert "zip bomb" in refusal(raw_zip(tmp_path / "a.zip", petabytes, zip64=True))


def test_files_that_lie_over_each_other_count_each(tmp_path: Path) -> None:
    """David Fifield's bomb: one kernel of data, and thousands of files that all unpack it."""
    kernel = Raw(b"0.json", bytes(20_000_000))
    again = [Raw(b"%d.json" % number, kernel.data, packed=kernel.stored, offset=0) for number in range(1, 60)]
    assert "zip bomb" in refusal(raw_zip(tmp_path / "a.zip", [kernel, *again]))


def test_too_many_files(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    files = [Raw(b"%d" % number) for number in range(20)]
    monkeypatch.setattr(zip_directory, "MOST_FILES", 20)
    assert len(ZipTree(str(raw_zip(tmp_path / "a.zip", files))).files()) == 20
    monkeypatch.setattr(zip_directory, "MOST_FILES", 19)
    assert "more than 19 files" in refusal(tmp_path / "a.zip")


def test_too_many_folders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    deep = raw_zip(tmp_path / "b.zip", [Raw(b"/".join(b"%d.%d" % (n, k) for k in range(9)) + b"/a") for n in range(6)])
    assert len(ZipTree(str(deep)).folders()) == 6
    monkeypatch.setattr(zip_directory, "_MOST_FOLDERS", 19)
    assert "more than 19 folders" in refusal(deep)


def test_names_of_folders_count_with_all_that_is_above_them(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A file in 60 folders needs the memory of 60 names, each longer than the one before."""
    name = b"/".join([b"f" * 60] * 60)
    monkeypatch.setattr(zip_directory, "_MOST_NAMES", 20 * len(name))
    assert "very long names" in refusal(raw_zip(tmp_path / "a.zip", [Raw(name), Raw(b"a.json")]))


# -- damage ------------------------------------------------------------------------------------------------------------


def test_a_cut_zip_is_one_sentence(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", DATA), Raw(b"b.json", b"1")])
    whole = path.read_bytes()
    for length in (0, 3, 4, 21, 22, 1000, len(whole) - 23, len(whole) - 1):
        path.write_bytes(whole[:length])
        assert "damaged or cut" in refusal(path), length
    path.write_bytes(whole[1000:])  # its beginning is missing
    assert "damaged or cut" in refusal(path)


@pytest.mark.parametrize("offset", [1 << 20, (1 << 64) - 1])
def test_files_that_cannot_be_in_it(tmp_path: Path, offset: int) -> None:
    files = [Raw(b"a.json", b"1"), Raw(b"b.json", b"1", offset=offset)]
    assert "not all that it lists" in refusal(raw_zip(tmp_path / "a.zip", files, zip64=True))


def test_parts_of_a_split_zip(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [])
    path.write_bytes(path.read_bytes().replace(b"PK\5\6\0\0\0\0", b"PK\5\6\3\0\0\0"))
    assert "split" in refusal(path)


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    files = [
        Raw(b"a.json", DATA[:500]),
        Raw(b"b/c.json", b"1", method=0),
        Raw(b"d.json", b"22", packed=bz2.compress(b"22"), method=12),
    ]
    return raw_zip(tmp_path_factory.mktemp("zip") / "a.zip", files, zip64=True).read_bytes()


@settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_damage_of_any_kind_is_an_oserror(tmp_path: Path, sound: bytes, data: st.DataObject) -> None:
    damaged = bytearray(sound)
    for _ in range(data.draw(st.integers(1, 6))):
        damaged[data.draw(st.integers(0, len(damaged) - 1))] = data.draw(st.integers(0, 255))
    path = tmp_path / "a.zip"
    path.write_bytes(bytes(damaged))
    try:
        tree = ZipTree(str(path))
        for name in everything(tree):
            with tree.open(name) as file:
                file.read()
    except OSError as exc:
        told = exc.strerror
    else:
        told = "nothing"
    assert told  # a sentence ends with it


# -- replaced, moved, shared -------------------------------------------------------------------------------------------


def test_a_zip_that_was_replaced_is_noticed(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", b"1")])
    tree = ZipTree(str(path))
    other = raw_zip(tmp_path / "b.zip", [Raw(b"a.json", b"2")])
    os.replace(other, path)
    with pytest.raises(OSError, match="changed since it was opened"):
        tree.open("a.json")
    path.unlink()
    with pytest.raises(FileNotFoundError):
        tree.open("a.json")


@pytest.mark.skipif(not os.path.isdir("/proc/self/fd"), reason="needs /proc")
def test_nothing_is_held_open(tmp_path: Path) -> None:
    """On Windows nobody could move or delete what is."""
    path = raw_zip(tmp_path / "a.zip", [Raw(b"a.json", DATA), Raw(b"b.json", b"1", flags=1), Raw(b"c", b"1", crc=3)])

    def held() -> list[str]:
        paths = []
        for handle in os.listdir("/proc/self/fd"):
            try:
                paths.append(os.readlink(f"/proc/self/fd/{handle}"))
            except OSError:  # the one that lists
                continue
        return [each for each in paths if each == str(path)]

    tree = ZipTree(str(path))
    assert held() == []
    with tree.open("a.json") as file:
        file.read(10)
        assert len(held()) == 1
    for name in ("b.json", "c"):
        with pytest.raises(OSError, match=r"password|checksum"), tree.open(name) as file:
            file.read()
    assert held() == []


def test_threads_read_at_the_same_time(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    contents = {f"{number}.json": str(number).encode() * 100_000 for number in range(8)}
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as made:
        for name, data in contents.items():
            made.writestr(name, data)
    tree = ZipTree(str(path))
    wrong: list[object] = []

    def work(seed: int) -> None:
        order = list(contents) * 5
        random.Random(seed).shuffle(order)
        for name in order:
            try:
                if read(tree, name) != contents[name]:
                    wrong.append(name)
            except Exception as exc:  # noqa: BLE001  told below
                wrong.append(exc)

    threads = [threading.Thread(target=work, args=(seed,)) for seed in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


# -- paths that lead into a zip ----------------------------------------------------------------------------------------


def test_a_path_into_a_zip(tmp_path: Path) -> None:
    path = raw_zip(tmp_path / "a.zip", [Raw(b"b/c.json", b"1")])
    (tmp_path / "text.zip").write_text("no zip")
    inside, nowhere = str(path / "b" / "c.json"), str(path / "d.json")
    assert is_tree(str(path))
    assert not is_tree(str(tmp_path / "text.zip"))
    assert not is_tree(str(tmp_path))
    assert not is_tree(str(tmp_path / "none"))
    assert holder_of(inside) == (str(path), "b/c.json")
    assert holder_of(str(path)) is None
    assert holder_of(str(tmp_path / "none" / "x.json")) is None
    assert holder_of(str(tmp_path / "text.zip" / "x.json")) is None
    assert exists(inside)
    assert exists(str(path))
    lost = [nowhere, str(tmp_path / "none.json"), str(tmp_path / "text.zip" / "x"), "a\0b"]
    assert not any(exists(each) for each in lost)
    assert missing([inside, *lost, str(tmp_path)]) == lost
    path.write_bytes(b"PK\3\4 not whole")
    assert missing([inside]) == [inside]
