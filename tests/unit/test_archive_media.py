"""Where the media of an export lies: DCE's paths of every kind, and never a path outside the export's folder."""

from __future__ import annotations

from pathlib import Path

import pytest

from ras.archive import read_archive
from ras.records import ImageRecord, finish
from tests import exports
from tests.exports import attachment, cdn_url, embed, make_export, media_name, message, picture

NAME = "general.json"


def record_for(folder: Path, text: str, name: str = NAME) -> ImageRecord:
    """The one record of an export whose attachment has ``text`` as its url."""
    path = make_export(folder, messages=[message("", [attachment("cat.png", id="5", url=text)])], name=name)
    (record,) = finish(read_archive([path])).records
    return record


def put(folder: Path, name: str, data: bytes = b"x") -> Path:
    path = folder / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


@pytest.mark.parametrize("slash", ["/", "\\"])
@pytest.mark.parametrize("version", exports.VERSIONS)
def test_relative_paths_of_every_version(tmp_path: Path, version: str, slash: str) -> None:
    posted = message(
        "", [attachment("a cat.png", data=b"12345")], [embed(image=picture("https://a.test/b.png", data=b"1"))]
    )
    path = make_export(tmp_path, messages=[posted], media=True, version=version, slash=slash)
    cat, embedded = finish(read_archive([path])).records
    assert cat.local_path is not None
    assert Path(cat.local_path).read_bytes() == b"12345"
    assert cat.media_root == str(tmp_path)
    assert cat.url == cdn_url(posted["attachments"][0]["id"], "a%20cat.png")
    assert embedded.local_path is not None
    assert Path(embedded.local_path).read_bytes() == b"1"
    assert embedded.url == ("https://a.test/b.png" if version in ("2.46.1", "2.47") else "")
    assert embedded.key.startswith("u:")


def test_embeds_with_nothing_but_a_path_have_keys_of_their_own(tmp_path: Path) -> None:
    pictures = [picture(f"https://a.test/{n}.png", data=b"1") for n in range(3)]
    posted = [message("", embeds=[embed(images=pictures)])]
    records = finish(read_archive([make_export(tmp_path, messages=posted, media=True, version="2.40.1")])).records
    assert len({record.key for record in records}) == 3


def test_one_file_mixes_paths_and_links(tmp_path: Path) -> None:
    posted = message("", [attachment("a.png", data=b"1"), attachment("b.png")])
    records = finish(read_archive([make_export(tmp_path, messages=[posted], media=True)])).records
    assert [record.local_path is None for record in records] == [False, True]
    assert records[1].url == posted["attachments"][1]["url"]


def test_a_missing_file_keeps_its_path(tmp_path: Path) -> None:
    record = record_for(tmp_path, f"{NAME}_Files/cat-ABCDE.png")
    assert record.local_path == str(tmp_path / f"{NAME}_Files" / "cat-ABCDE.png")
    assert record.url == cdn_url("5", "cat.png")


def test_percent_encoded_paths(tmp_path: Path) -> None:
    plain = put(tmp_path, f"{NAME}_Files/my cat-ABCDE.png")
    assert record_for(tmp_path, f"{NAME}_Files/my%20cat-ABCDE.png").local_path == str(plain)
    encoded = put(tmp_path, f"{NAME}_Files/my%20cat-ABCDE.png")
    assert record_for(tmp_path, f"{NAME}_Files/my%20cat-ABCDE.png").local_path == str(encoded)


@pytest.mark.parametrize(
    "text",
    [
        f"/home/someone/exports/{NAME}_Files/cat-ABCDE.png",
        f"C:\\Users\\someone\\{NAME}_Files\\cat-ABCDE.png",
        f"\\\\server\\share\\{NAME}_Files\\cat-ABCDE.png",
        "D:/media/cat-ABCDE.png",
        f"../exports/{NAME}_Files/cat-ABCDE.png",
        f"file:///C:/Users/someone/{NAME}_Files/cat-ABCDE.png",
    ],
)
def test_foreign_paths_count_where_the_file_lies_beside_the_export(tmp_path: Path, text: str) -> None:
    missing = record_for(tmp_path, text).local_path
    assert missing in (None, str(tmp_path / f"{NAME}_Files" / "cat-ABCDE.png"))
    path = put(tmp_path, f"{NAME}_Files/cat-ABCDE.png")
    record = record_for(tmp_path, text)
    assert record.local_path == str(path)
    assert record.url == cdn_url("5", "cat.png")


@pytest.mark.parametrize(
    "text",
    [
        "../../etc/passwd",
        "/etc/passwd",
        f"{NAME}_Files/../../secret.png",
        f"{NAME}_Files\\..\\..\\secret.png",
        f"{NAME}_Files/%2e%2e/%2e%2e/secret.png",
        "%2e%2e/secret.png",
        "..%2fsecret.png",
        "..%5csecret.png",
        "..",
        ".",
        "/",
        "\\",
        "C:",
        "C:secret.png",
        "C:\\secret.png",
        "\\\\server\\share\\secret.png",
        "//server/share/secret.png",
        "file:///etc/passwd",
        "file:../secret.png",
        "FILE://server/secret.png",
        "a\0b/../../secret.png",
        "a/b%00/secret.png",
    ],
)
def test_no_path_leads_outside(tmp_path: Path, text: str) -> None:
    put(tmp_path, "secret.png")
    folder = tmp_path / "export"
    put(folder, f"{NAME}_Files/harmless.png")
    path = record_for(folder, text).local_path
    if path is not None:
        # A name that only looks odd may stay, as a file of that very name inside.
        inside = Path(path)
        assert ".." not in inside.parts
        assert folder in inside.parents
        assert not inside.exists()


def test_files_are_found_by_name_where_the_export_has_links(tmp_path: Path) -> None:
    """262 of 262 attachments of a real export had these names."""
    url = cdn_url("5", "cat.png")
    signed = url + "?ex=65a1b2c3&is=658f3dc3&hm=" + "0f" * 32 + "&"
    for number, version in enumerate(("2.42", "2.46.1", "2.47")):
        path = put(tmp_path / str(number), f"{NAME}_Files/{media_name(url, version)}")
        assert record_for(tmp_path / str(number), signed).local_path == str(path)
        assert record_for(tmp_path / str(number), signed).url == signed
    put(tmp_path / "other", f"{NAME}_Files/cat-00000.png")
    assert record_for(tmp_path / "other", signed).local_path is None


def test_parts_share_the_first_ones_folder(tmp_path: Path) -> None:
    path = put(tmp_path, f"{NAME}_Files/{media_name(cdn_url('5', 'cat.png'))}")
    assert record_for(tmp_path, cdn_url("5", "cat.png"), name="general [part 2].json").local_path == str(path)
    foreign = f"/home/someone/{path.name}"
    assert record_for(tmp_path, foreign, name="general [part 2].json").local_path == str(path)
