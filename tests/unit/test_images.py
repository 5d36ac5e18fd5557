"""Decoding: every kind of PNG and JPEG comes out right, every broken one as a DecodeError."""

from __future__ import annotations

import hashlib
import io
import os
import random
import struct
import time
import warnings
import zlib
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Callable

import numpy as np
import pytest
from PIL import Image, ImageFile, PngImagePlugin, features

from ras.errors import DecodeError, SkipReason
from ras.images import load_query, make_preview, sniff_format
from ras.images.decoding import decode_image, decode_shrunk  # here, where a crash would be seen
from ras.images.jpeg_scans import find_scans


def scene(width: int = 96, height: int = 64) -> Image.Image:
    """A picture whose four quarters differ, so that no turn of it looks like another."""
    image = Image.new("RGB", (width, height), (200, 30, 40))
    image.paste((20, 160, 60), (width // 2, 0, width, height // 2))
    image.paste((30, 60, 190), (0, height // 2, width // 2, height))
    image.paste((230, 220, 60), (width // 2, height // 2, width, height))
    return image


def noise(width: int = 96, height: int = 64) -> Image.Image:
    pixels = np.random.default_rng(5).integers(0, 256, (8, 12, 3), np.uint8)
    return Image.fromarray(pixels).resize((width, height), Image.Resampling.BICUBIC)


def encode(image: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def difference(left: Image.Image, right: Image.Image) -> float:
    """Mean absolute difference of two pictures of one size, in levels of 255."""
    assert left.size == right.size
    return float(np.abs(np.asarray(left, np.int16) - np.asarray(right, np.int16)).mean())


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def with_chunk(png: bytes, name: bytes, body: bytes) -> bytes:
    """The PNG with one chunk more, behind the header."""
    return png[:33] + chunk(name, body) + png[33:]


def refusal(data: bytes, **options: Any) -> SkipReason:
    with pytest.raises(DecodeError) as caught:
        decode_image(data, **options)
    assert str(caught.value).isprintable()
    assert str(caught.value).endswith(".")
    return caught.value.reason


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (b"\x89PNG\r\n\x1a\n\x00", "PNG"),
        (b"\xff\xd8\xff\xe0", "JPEG"),
        (b"RIFF\x10\x00\x00\x00WEBPVP8 ", "WEBP"),
        (b"GIF89a", "GIF"),
        (encode(scene(), "BMP")[:32], "BMP"),
        (b"BMW is a car, and this is a text", None),
        (b"\x00\x00\x00\x1cftypavif", "AVIF"),
        (b"\x00\x00\x00\x1cftypheic", "HEIF"),
        (b"\x00\x00\x00\x1cftypisom", None),
        (b"II*\x00", "TIFF"),
        (b"RIFF\x10\x00\x00\x00WAVE", None),
        (b"<html>", None),
        (b"\x89PN", None),
        (b"", None),
    ],
)
def test_sniff_format(data: bytes, kind: str | None) -> None:
    assert sniff_format(data) == kind


def test_png_is_exact() -> None:
    image = decode_image(encode(noise()))
    assert image.mode == "RGB"
    assert difference(image, noise()) == 0


@pytest.mark.parametrize(
    "options",
    [{}, {"progressive": True}, {"subsampling": 0}, {"optimize": True, "quality": 60}, {"restart_marker_rows": 1}],
)
def test_jpeg(options: dict[str, Any]) -> None:
    image = decode_image(encode(noise(), "JPEG", **options))
    assert image.mode == "RGB"
    assert difference(image, noise()) < 8


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("orientation", range(1, 9))
def test_exif_orientation(kind: str, orientation: int) -> None:
    undo = [None, None, 0, 3, 1, 5, 2, 6, 4]  # the transposition that orientation n undoes
    stored = scene() if undo[orientation] is None else scene().transpose(Image.Transpose(undo[orientation]))
    exif = Image.Exif()
    exif[0x0112] = orientation
    image = decode_image(encode(stored, kind, exif=exif))
    assert difference(image, scene()) < 3


@pytest.mark.parametrize(
    "exif", [b"Exif\x00\x00II*\x00\xff\xff\xff\xff", b"Exif\x00\x00", b"MM" * 3000, b"Exif\x00\x00MM"]
)
def test_broken_exif_does_not_spoil_a_picture(exif: bytes) -> None:
    assert difference(decode_image(encode(scene(), "JPEG", exif=exif)), scene()) < 3


def test_cmyk_jpeg() -> None:
    # Pillow writes what Adobe writes: inverted, with an Adobe marker.
    image = decode_image(encode(scene().convert("CMYK"), "JPEG", quality=95))
    assert difference(image, scene()) < 6


def test_grey_and_two_level_pictures() -> None:
    for mode in ("L", "1"):
        grey = scene().convert(mode)
        assert difference(decode_image(encode(grey)), grey.convert("RGB")) == 0


def test_palette() -> None:
    image = scene().quantize(4)
    assert difference(decode_image(encode(image)), scene()) < 3
    assert difference(decode_image(encode(image, bits=2)), scene()) < 3


def test_sixteen_bit_grey_is_scaled() -> None:
    ramp = np.linspace(0, 65535, 96 * 64).reshape(64, 96).astype(np.uint16)
    image = decode_image(encode(Image.fromarray(ramp)))
    assert image.mode == "RGB"
    assert np.abs(np.asarray(image)[..., 0].astype(int) - ramp // 257).max() <= 1


def test_sixteen_bit_colour() -> None:
    wide = np.asarray(noise(), np.uint16) * 257
    rows = b"".join(b"\x00" + row.astype(">u2").tobytes() for row in wide)
    header = struct.pack(">IIBBBBB", 96, 64, 16, 2, 0, 0, 0)
    png = b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")
    assert difference(decode_image(png), noise()) < 1


def half_transparent(mode: str) -> Image.Image:
    image = scene().convert("RGBA")
    alpha = Image.new("L", image.size, 255)
    alpha.paste(0, (0, 0, 48, 64))
    image.putalpha(alpha)
    return image.convert(mode)


@pytest.mark.parametrize("mode", ["RGBA", "LA"])
def test_transparency_lies_on_white(mode: str) -> None:
    image = decode_image(encode(half_transparent(mode)))
    assert image.getpixel((5, 5)) == (255, 255, 255)
    assert image.getpixel((90, 60)) == scene().convert(mode[:-1]).convert("RGB").getpixel((90, 60))


def test_transparent_colours_lie_on_white() -> None:
    palette = scene().quantize(4)
    clear = palette.getpixel((5, 5))
    for transparency in (clear, bytes(0 if index == clear else 255 for index in range(4))):
        image = decode_image(encode(palette, transparency=transparency))
        assert image.getpixel((5, 5)) == (255, 255, 255)
        assert difference(image.crop((48, 32, 96, 64)), scene().crop((48, 32, 96, 64))) < 3
    image = decode_image(encode(scene(), transparency=(200, 30, 40)))
    assert image.getpixel((5, 5)) == (255, 255, 255)
    grey = decode_image(encode(scene().convert("L"), transparency=scene().convert("L").getpixel((5, 5))))
    assert grey.getpixel((5, 5)) == (255, 255, 255)


def test_half_opaque_is_mixed() -> None:
    assert decode_image(encode(Image.new("RGBA", (9, 9), (0, 0, 0, 128)))).getpixel((0, 0)) == (127, 127, 127)


@pytest.mark.parametrize("kind", ["WEBP", "GIF", "BMP"])
def test_other_kinds_only_when_asked_for(kind: str) -> None:
    if kind == "WEBP":
        assert features.check("webp")
    data = encode(scene(), kind)
    assert refusal(data) is SkipReason.UNSUPPORTED
    assert difference(decode_image(data, extra_formats=True), scene()) < 10


@pytest.mark.parametrize("kind", ["GIF", "WEBP", "PNG"])
def test_first_frame_of_an_animation(kind: str) -> None:
    frames = [scene(), noise(), noise().transpose(Image.Transpose.ROTATE_180)]
    data = encode(frames[0], kind, save_all=True, append_images=frames[1:], duration=50)
    assert difference(decode_image(data, extra_formats=True), scene()) < 10


def test_several_pictures_in_a_jpeg() -> None:
    data = encode(scene(), "MPO", save_all=True, append_images=[noise()])
    assert sniff_format(data) == "JPEG"
    assert difference(decode_image(data), scene()) < 5


def test_kinds_that_are_never_searched() -> None:
    assert refusal(encode(scene(), "TIFF"), extra_formats=True) is SkipReason.UNSUPPORTED


@pytest.mark.parametrize("data", [b"<html>", b"BM text", b"\x00" * 100, "текст".encode()])
def test_no_picture(data: bytes) -> None:
    assert refusal(data) is SkipReason.NOT_A_PICTURE


def test_pixel_limit_is_checked_before_decoding() -> None:
    header = struct.pack(">IIBBBBB", 65535, 65535, 8, 2, 0, 0, 0)
    bomb = (
        b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(bytes(1000))) + chunk(b"IEND", b"")
    )
    assert refusal(bomb) is SkipReason.TOO_LARGE
    assert refusal(encode(scene()), max_pixels=96 * 64 - 1) is SkipReason.TOO_LARGE
    assert decode_image(encode(scene()), max_pixels=96 * 64).size == (96, 64)
    with pytest.raises(DecodeError) as caught:
        decode_shrunk(encode(scene(), "JPEG"), max_pixels=100, at_least=4)
    assert caught.value.reason is SkipReason.TOO_LARGE


def test_larger_than_pillows_own_limit_without_a_warning() -> None:
    data = encode(Image.new("L", (12_000, 7_600), 200), compress_level=1)  # 91 megapixels; Pillow warns from 89
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert decode_image(data).size == (12_000, 7_600)


def test_progressive_jpeg_with_hundreds_of_scans() -> None:
    data = encode(noise(), "JPEG", progressive=True)
    last = data.rfind(b"\xff\xda")
    assert refusal(data[:-2] + data[last:-2] * 300 + b"\xff\xd9") is SkipReason.DAMAGED


def test_a_jpeg_with_hundreds_of_scans_that_is_not_progressive() -> None:
    data = encode(noise(), "JPEG", subsampling=0)
    first = data.find(b"\xff\xda")

    def scan(component: int, tables: int) -> bytes:
        return b"\xff\xda\x00\x08\x01" + bytes([component, tables]) + b"\x00\x3f\x00" + bytes(4)

    others = scan(2, 0x11) + scan(3, 0x11) + b"\xff\xd9"
    assert decode_image(data[:first] + scan(1, 0) + others).size == noise().size
    assert refusal(data[:first] + scan(1, 0) * 300 + others) is SkipReason.DAMAGED


@pytest.mark.parametrize("damaged", [False, True])
def test_what_is_appended_to_a_progressive_jpeg_is_none_of_its_scans(damaged: bool) -> None:
    data = encode(noise(), "JPEG", progressive=True)
    if damaged:  # tables that cannot be read, behind the last scan
        data = data[:-2] + b"\xff\xc4\x00\x13" + b"\xff" * 17 + b"\xff\xd9"
    appended = b"PK\x03\x04" + b"\xff\xda\x00\x08" * 300 + encode(noise(), "JPEG", progressive=True)
    assert difference(decode_image(data + appended), decode_image(data)) == 0


@pytest.mark.parametrize(
    "filling",
    [
        b"\xff\x00",
        b"\xff\xd0",
        b"\xff\x01",
        b"\xff",
        b"\xff\xfe\x00\x02",
        b"\xff\xd8",
        b"\xff\xda",
        b"\xff\xd0\xff\xda",
    ],
)
def test_a_hostile_progressive_jpeg_keeps_nobody_counting(filling: bytes) -> None:
    data = encode(noise(), "JPEG", progressive=True)
    first = data.find(b"\xff\xda")
    hostile = data[: first + 20] + filling * (20_000_000 // len(filling)) + data[first + 20 :]
    begun = time.perf_counter()
    find_scans(hostile, 60)
    assert time.perf_counter() - begun < 5


def test_scans_are_found_where_they_begin_and_no_segment_is_taken_for_one() -> None:
    plain = encode(noise(), "JPEG", progressive=True, comment=b"\xff\xda\xff\xd9")
    scans = find_scans(plain, 60)
    assert len(scans.starts) == 10
    assert all(plain[start : start + 2] == b"\xff\xda" for start in scans.starts)
    assert (scans.end, scans.excessive) == (len(plain) - 2, False)
    assert find_scans(plain, 9).excessive
    assert find_scans(plain[:-2], 60).end == len(plain) - 2
    assert find_scans(b"", 60).starts == ()


def test_texts_and_profiles_never_cost_the_picture() -> None:
    png = encode(noise())
    bomb = zlib.compress(bytes(30_000_000))
    for extra in (
        with_chunk(png, b"zTXt", b"Comment\x00\x00" + bomb),
        with_chunk(png, b"iTXt", b"workflow\x00\x01\x00\x00\x00" + bomb),
        with_chunk(png, b"iCCP", b"profile\x00\x00" + bomb),
        with_chunk(png, b"tEXt", b"prompt\x00" + b"x" * (PngImagePlugin.MAX_TEXT_MEMORY + 1000)),
        with_chunk(png, b"eXIf", bytes(3_000_000)),
        with_chunk(png, b"acTL", b"\x00"),
        with_chunk(png, b"gAMA", b""),
        png[:-12] + chunk(b"zTXt", b"Comment\x00\x00" + bomb) + png[-12:],
    ):
        assert difference(decode_image(extra), noise()) == 0
    long = {"icc_profile": bytes(300_000), "comment": b"c" * 60_000, "exif": b"Exif\x00\x00" + bytes(60_000)}
    jpeg = encode(noise(), "JPEG", **long)
    assert difference(decode_image(jpeg), noise()) < 8


@pytest.mark.parametrize(
    ("kind", "options"),
    [("PNG", {}), ("JPEG", {}), ("JPEG", {"progressive": True}), ("GIF", {}), ("BMP", {})],
)
def test_truncated_files_give_what_there_is(kind: str, options: dict[str, Any]) -> None:
    picture = noise(192, 128)
    data = encode(picture, kind, **options)
    image = decode_image(data[: len(data) * 3 // 4], extra_formats=True)
    top, bottom = (0, 0, 192, 40), (0, 100, 192, 128)
    if kind == "BMP":  # stored from the bottom up
        top, bottom = bottom, top
    assert image.size == picture.size
    assert difference(image.crop(top), picture.crop(top)) < 20
    assert not ImageFile.LOAD_TRUNCATED_IMAGES
    if not options:
        assert difference(image.crop(bottom), picture.crop(bottom)) > 30


def test_damage_midway_keeps_the_rest() -> None:
    picture = noise(192, 128)
    png = bytearray(encode(picture))
    png[len(png) // 2] ^= 0xFF
    assert difference(decode_image(bytes(png)).crop((0, 0, 192, 30)), picture.crop((0, 0, 192, 30))) == 0


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "WEBP", "GIF", "BMP"])
def test_cut_before_the_first_pixel(kind: str) -> None:
    data = encode(noise(), kind)
    start = {"PNG": data.find(b"IDAT") + 8, "JPEG": data.find(b"\xff\xda") + 14}.get(kind, 28)
    for length in range(12, start, 7):
        assert refusal(data[:length], extra_formats=True) in (SkipReason.DAMAGED, SkipReason.NOT_A_PICTURE)


def test_empty_is_damaged() -> None:
    assert refusal(b"") is SkipReason.DAMAGED


def test_a_plain_picture_is_no_damage() -> None:
    assert decode_image(encode(Image.new("RGB", (40, 30), "black"))).getpixel((3, 3)) == (0, 0, 0)
    assert decode_image(encode(Image.new("RGB", (1, 1), "white"), "JPEG")).size == (1, 1)


def test_nothing_of_the_file_comes_along() -> None:
    exif = Image.Exif()
    exif[0x010E] = "secret"
    for kind in ("PNG", "JPEG"):
        assert not decode_image(encode(scene(), kind, exif=exif, icc_profile=bytes(500), comment="secret")).info


# --- the picture to search for ----------------------------------------------------------------------------------------


def query_refusal(source: Any, name: str | None = None) -> str:
    with pytest.raises(DecodeError) as caught:
        load_query(source, name)
    text = str(caught.value)
    assert text.isprintable()
    assert text.endswith(".")
    return text


def test_query_from_file_bytes_and_clipboard(tmp_path: Path) -> None:
    path = tmp_path / "a cat.png"
    path.write_bytes(encode(noise()))
    assert load_query(path).name == "a cat.png"
    assert difference(load_query(str(path)).image, noise()) == 0
    assert load_query(encode(noise(), "JPEG"), "from the web").name == "from the web"
    assert load_query(path).content_hash == load_query(path.read_bytes()).content_hash
    assert load_query(path).content_hash == hashlib.sha256(path.read_bytes()).hexdigest()
    pasted = half_transparent("RGBA")
    assert load_query(pasted).content_hash == ""
    query = load_query(pasted)
    assert query.image.getpixel((5, 5)) == (255, 255, 255)
    assert pasted.mode == "RGBA"
    copy = noise()
    copy.info["kept"] = 1
    assert load_query(copy).image is not copy
    assert copy.info == {"kept": 1}


def test_query_of_another_kind(tmp_path: Path) -> None:
    path = tmp_path / "cat.webp"
    path.write_bytes(encode(scene(), "WEBP"))
    text = "“cat.webp” is a WebP picture; RAS searches for PNG and JPEG: save it as PNG and try again."
    assert query_refusal(path) == text


def test_query_that_cannot_be_used(tmp_path: Path) -> None:
    (tmp_path / "empty.png").touch()
    (tmp_path / "text.png").write_text("hello")
    (tmp_path / "cut.png").write_bytes(encode(noise())[:40])
    os.mkfifo(tmp_path / "pipe.png")
    with open(tmp_path / "huge.png", "wb") as file:
        file.truncate(300_000_000)
    assert "“none.png” does not exist" in query_refusal(tmp_path / "none.png")
    assert "is a folder" in query_refusal(tmp_path)
    assert "“empty.png”" in query_refusal(tmp_path / "empty.png")
    assert "empty" in query_refusal(tmp_path / "empty.png")
    assert "“text.png” is not a picture" in query_refusal(tmp_path / "text.png")
    assert "“cut.png”" in query_refusal(tmp_path / "cut.png")
    assert "damaged" in query_refusal(tmp_path / "cut.png")
    assert "not a file" in query_refusal(tmp_path / "pipe.png")
    assert "too large" in query_refusal(tmp_path / "huge.png")
    assert "cannot be read" in query_refusal("nul\0.png")
    assert "cannot be read" in query_refusal(tmp_path / ("x" * 300))
    assert "“?”" not in query_refusal(b"", "\x1b[31m\u202egnp.exe\ud800")


def test_query_without_permission(tmp_path: Path) -> None:
    path = tmp_path / "secret.png"
    path.write_bytes(encode(scene()))
    path.chmod(0)
    if os.geteuid() == 0:  # root may read everything: then the folder of another user is out of reach only by refusal
        assert load_query(path).name == "secret.png"
    else:
        assert "permissions" in query_refusal(path)


# --- previews -------------------------------------------------------------------------------------------------------


def test_preview_is_small_and_never_enlarged() -> None:
    preview = Image.open(io.BytesIO(make_preview(noise(1600, 900))))
    assert (preview.format, preview.size, preview.mode) == ("JPEG", (256, 144), "RGB")
    assert difference(preview, noise(1600, 900).resize((256, 144), Image.Resampling.BOX)) < 12
    assert Image.open(io.BytesIO(make_preview(noise(96, 64)))).size == (96, 64)
    assert Image.open(io.BytesIO(make_preview(noise(96, 64), side=32))).size == (32, 21)
    assert Image.open(io.BytesIO(make_preview(Image.new("RGB", (5000, 3))))).size == (256, 1)
    assert Image.open(io.BytesIO(make_preview(half_transparent("RGBA")))).mode == "RGB"


# --- hostile files --------------------------------------------------------------------------------------------------


def samples() -> list[bytes]:
    exif = Image.Exif()
    exif[0x0112] = 6
    small, frames = noise(40, 32), [scene(40, 32)]
    return [
        encode(small),
        encode(half_transparent("RGBA").resize((40, 32))),
        encode(small.quantize(16), transparency=3),
        encode(Image.fromarray(np.arange(1280, dtype=np.uint16).reshape(32, 40) * 50)),
        encode(small, exif=exif, icc_profile=b"profile" * 50, pnginfo=texts()),
        encode(small, save_all=True, append_images=frames),
        encode(small, "JPEG", exif=exif, icc_profile=b"profile" * 50, comment="c"),
        encode(small, "JPEG", progressive=True, restart_marker_blocks=2),
        encode(small.convert("CMYK"), "JPEG"),
        encode(small.convert("L"), "JPEG"),
        encode(small, "MPO", save_all=True, append_images=frames),
        encode(small, "GIF", save_all=True, append_images=frames, transparency=0),
        encode(small, "BMP"),
        encode(small.quantize(16), "BMP"),
        encode(small, "WEBP"),
        encode(half_transparent("RGBA").resize((40, 32)), "WEBP", lossless=True, exif=exif),
        encode(small, "WEBP", save_all=True, append_images=frames),
    ]


def texts() -> PngImagePlugin.PngInfo:
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "c" * 50, zip=True)
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>")
    return info


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 12)):
        data[chance.randrange(len(data))] = chance.choice((0, 1, 127, 128, 255, chance.randrange(256)))


def head(data: bytearray, chance: random.Random) -> None:
    """Only in the headers, where the sizes and the pointers are."""
    for _ in range(chance.randint(1, 5)):
        data[chance.randrange(min(len(data), 200))] = chance.choice((0, 255, chance.randrange(256)))


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def remove(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randint(1, 30)]


def repeat(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.randint(1, 60)] * chance.randint(1, 5)


def valid_sums(data: bytearray, _: random.Random) -> None:
    """Make a PNG's checksums right again, so that the damage gets past them."""
    start = 8
    while data[:4] == b"\x89PNG" and start + 12 <= len(data):
        end = start + 8 + int.from_bytes(data[start : start + 4], "big")
        if end + 4 > len(data):
            return
        data[end : end + 4] = struct.pack(">I", zlib.crc32(data[start + 4 : end]))
        start = end + 4


MUTATIONS: list[Callable[[bytearray, random.Random], None]] = [flip, head, cut, remove, repeat]


def test_mutated_files_raise_decode_errors_only() -> None:
    chance = random.Random(20240501)
    outcomes = {"decoded": 0, "refused": 0}
    originals = samples()
    for round_ in range(400):
        for original in originals:
            data = bytearray(original)
            for mutate in chance.sample(MUTATIONS, chance.choice((1, 1, 2))):
                if data:
                    mutate(data, chance)
            if chance.random() < 0.5:
                valid_sums(data, chance)
            options = {"extra_formats": True, "max_pixels": 1_000_000, "at_least": 16 if round_ % 2 else None}
            try:
                picture = decode_shrunk(bytes(data), **options)
            except DecodeError:
                outcomes["refused"] += 1
            else:
                assert picture.image.mode == "RGB"
                picture.resize((16, 16), Image.Resampling.BICUBIC)
                make_preview(picture, 16)
                outcomes["decoded"] += 1
    assert min(outcomes.values()) > 500, outcomes


def test_many_threads_decode_alike() -> None:
    whole, broken = encode(noise(), "JPEG"), encode(noise())[:2000]
    with ThreadPoolExecutor(8) as pool:
        results = list(pool.map(lambda number: decode_image(broken if number % 2 else whole).tobytes(), range(200)))
    assert set(results[0::2]) == {decode_image(whole).tobytes()}
    assert set(results[1::2]) == {decode_image(broken).tobytes()}
