"""Pictures of every kind, drawn here, and what a hostile hand makes of them: broken at random, or built to hurt."""

from __future__ import annotations

import functools
import io
import random
import struct
import zlib
from typing import Callable, Iterator

import numpy as np
from PIL import Image, PngImagePlugin, features

from benchmarks.quality.pictures import procedural_picture

SIGNATURE = b"\x89PNG\r\n\x1a\n"
ADAM7 = ((0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2))
"""Column, row, and the steps across and down, of the passes of an interlaced PNG."""


def encode(image: Image.Image, kind: str, **options: object) -> bytes:
    file = io.BytesIO()
    image.save(file, kind, **options)
    return file.getvalue()


def chunk(name: bytes, body: bytes) -> bytes:
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def png(
    width: int, height: int, depth: int, colour: int, rows: bytes, *extra: bytes, interlaced: bool = False
) -> bytes:
    """A PNG file whose header says so, whatever ``rows`` are (filtered, before they are packed)."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, interlaced)
    packed = chunk(b"IDAT", zlib.compress(rows, 9))
    return SIGNATURE + chunk(b"IHDR", head) + b"".join(extra) + packed + chunk(b"IEND", b"")


def interlaced(pixels: np.ndarray) -> bytes:
    """uint8 (h, w, 3) → PNG in seven passes."""
    passes = [pixels[row::down, column::across] for column, row, across, down in ADAM7]
    rows = b"".join(b"\0" + line.tobytes() for part in passes if part.size for line in part)
    return png(pixels.shape[1], pixels.shape[0], 8, 2, rows, interlaced=True)


@functools.lru_cache(maxsize=1)
def samples() -> dict[str, bytes]:
    """A small file of each kind, and of each way to write it that decoders have their own code for."""
    scene = procedural_picture("fuzz").resize((72, 48))
    frames = [scene.rotate(turn) for turn in (90, 180)]
    clear = scene.convert("RGBA")
    clear.putalpha(Image.linear_gradient("L").resize(scene.size))
    grey = np.asarray(scene.convert("L"))
    exif = Image.Exif()
    exif[0x0112], exif[0x010E] = 6, "turned"
    info = PngImagePlugin.PngInfo()
    info.add_text("Comment", "c" * 200, zip=True)
    info.add_itxt("XML:com.adobe.xmp", "<x:xmpmeta/>" * 20, zip=True)
    beside = {"exif": exif, "icc_profile": bytes(range(256)) * 4}
    deep = b"".join(b"\0" + line.tobytes() for line in (np.asarray(scene, np.uint16) * 257).byteswap())
    made = {
        "png": encode(scene, "PNG"),
        "png clear": encode(clear, "PNG"),
        "png palette": encode(scene.quantize(40), "PNG", transparency=bytes(range(40))),
        "png 2 bit": encode(scene.quantize(4), "PNG", bits=2),
        "png 1 bit": encode(scene.convert("1"), "PNG"),
        "png grey": encode(clear.convert("LA"), "PNG"),
        "png 16 bit grey": encode(Image.fromarray(grey.astype(np.uint16) * 257), "PNG"),
        "png 16 bit": png(72, 48, 16, 2, deep),
        "png interlaced": interlaced(np.asarray(scene)),
        "png turned": encode(scene, "PNG", pnginfo=info, **beside),
        "apng": encode(scene, "PNG", save_all=True, append_images=frames, duration=20),
        "jpeg": encode(scene, "JPEG", quality=90),
        "jpeg turned": encode(scene, "JPEG", comment=b"c" * 50, xmp=b"<x:xmpmeta/>" * 20, **beside),
        "jpeg progressive": encode(scene, "JPEG", progressive=True, restart_marker_blocks=3),
        "jpeg 4:4:4": encode(scene, "JPEG", subsampling=0, optimize=True),
        "jpeg cmyk": encode(scene.convert("CMYK"), "JPEG"),
        "jpeg grey": encode(scene.convert("L"), "JPEG"),
        "mpo": encode(scene, "MPO", save_all=True, append_images=frames),
        "gif": encode(scene, "GIF"),
        "gif animated": encode(scene, "GIF", save_all=True, append_images=frames, disposal=2, transparency=0),
        "bmp": encode(scene, "BMP"),
        "bmp palette": encode(scene.quantize(16), "BMP"),
        "webp": encode(scene, "WEBP"),
        "webp lossless": encode(clear, "WEBP", lossless=True, exif=exif),
        "webp animated": encode(scene, "WEBP", save_all=True, append_images=frames),
        "tiff": encode(scene, "TIFF", compression="tiff_lzw"),
        "ico": encode(scene.resize((32, 32)), "ICO"),
    }
    if "avif" in features.get_supported_modules():  # Pillow for Python 3.8 does not know the word
        made["avif"] = encode(scene, "AVIF")
    return made


Mutation = Callable[[bytearray, random.Random], None]

_ODD = (0, 1, 0x7F, 0x80, 0xFF)
_SIDES = (0, 1, 2, 7, 255, 256, 4095, 16383, 32768, 65500, 65535, 2**24 - 1, 2**31 - 1, 2**31, 2**32 - 1)


def flip(data: bytearray, chance: random.Random) -> None:
    for _ in range(chance.randint(1, 12)):
        data[chance.randrange(len(data))] = chance.choice((*_ODD, chance.randrange(256)))


def flip_head(data: bytearray, chance: random.Random) -> None:
    """Only where the sizes and the pointers are."""
    for _ in range(chance.randint(1, 5)):
        data[chance.randrange(min(len(data), 200))] = chance.choice((*_ODD, chance.randrange(256)))


def cut(data: bytearray, chance: random.Random) -> None:
    del data[chance.randrange(len(data)) :]


def remove(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    del data[start : start + chance.randint(1, 60)]


def repeat(data: bytearray, chance: random.Random) -> None:
    start = chance.randrange(len(data))
    data[start:start] = data[start : start + chance.randint(1, 200)] * chance.randint(1, 40)


def splice(data: bytearray, chance: random.Random) -> None:
    """The beginning of one file, the end of another."""
    other = chance.choice(list(samples().values()))
    data[chance.randrange(len(data)) :] = other[chance.randrange(len(other)) :]


def parts(data: bytes) -> list[tuple[int, int]]:
    """Where the chunks of a PNG or RIFF file, or the segments of a JPEG file, begin and end."""
    found = []
    start = {b"\x89P": 8, b"\xff\xd8": 2, b"RI": 12}.get(bytes(data[:2]), len(data))
    while start + 8 <= len(data):
        if data[:2] == b"\x89P":
            end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        elif data[:2] == b"RI":
            end = start + 8 + int.from_bytes(data[start + 4 : start + 8], "little")
            end += end % 2
        else:
            end = start + 2 + max(2, int.from_bytes(data[start + 2 : start + 4], "big"))
        if end > len(data):
            break
        found.append((start, end))
        start = end
    return found


def move_part(data: bytearray, chance: random.Random) -> None:
    """A chunk or segment is doubled, left out, or moved, whole."""
    known = parts(data)
    if not known:
        return flip(data, chance)
    start, end = chance.choice(known)
    piece = bytes(data[start:end])
    if chance.random() < 0.6:
        del data[start:end]
    for _ in range(chance.choice((0, 1, 1, 2, 30))):
        at = chance.choice(known)[0]
        data[at:at] = piece


def lie_of_length(data: bytearray, chance: random.Random) -> None:
    """A chunk or segment says that it is longer or shorter than it is."""
    known = parts(data)
    if not known:
        return flip_head(data, chance)
    start = chance.choice(known)[0]
    if data[:2] == b"\xff\xd8":
        data[start + 2 : start + 4] = chance.choice(_SIDES[:11]).to_bytes(2, "big")
    else:
        at, order = (start, "big") if data[:1] == b"\x89" else (start + 4, "little")
        data[at : at + 4] = chance.choice(_SIDES).to_bytes(4, order)  # type: ignore[arg-type]


def lie_of_size(data: bytearray, chance: random.Random) -> None:
    """The header says that the picture is wider or higher than it is."""
    offset = chance.choice((0, 1))
    if data[:4] == b"\x89PNG" and len(data) > 28:
        data[16 + 4 * offset : 20 + 4 * offset] = chance.choice(_SIDES).to_bytes(4, "big")
        data[24] = chance.choice((data[24], 1, 2, 4, 8, 16))
        data[25] = chance.choice((data[25], 0, 2, 3, 4, 6))
        data[28] = chance.choice((0, 1))
    elif data[:2] == b"\xff\xd8":
        for marker in (b"\xff\xc0", b"\xff\xc1", b"\xff\xc2"):
            at = data.find(marker)
            if at >= 0:
                data[at + 5 + 2 * offset : at + 7 + 2 * offset] = chance.choice(_SIDES[:11]).to_bytes(2, "big")
                if chance.random() < 0.5 and at + 12 < len(data):
                    data[at + 11] = chance.choice((0x11, 0x22, 0x44, 0x14, 0x41, 0x00, 0xFF))
    elif data[:3] == b"GIF":
        data[6 + 2 * offset : 8 + 2 * offset] = chance.choice(_SIDES[:11]).to_bytes(2, "little")
    elif data[:2] == b"BM":
        data[18 + 4 * offset : 22 + 4 * offset] = chance.choice(_SIDES).to_bytes(4, "little")
    else:
        data[24 + 3 * offset : 27 + 3 * offset] = chance.choice(_SIDES[:12]).to_bytes(3, "little")


def wreck_pixels(data: bytearray, chance: random.Random) -> None:
    """What a PNG has packed is damaged inside and packed again: unknown filters, indexes beyond the palette."""
    for start, end in parts(data):
        if data[start + 4 : start + 8] == b"IDAT":
            try:
                rows = bytearray(zlib.decompress(bytes(data[start + 8 : end - 4])))
            except zlib.error:
                break
            for _ in range(chance.randint(1, 40)):
                rows[chance.randrange(len(rows))] = chance.choice((*_ODD, 5, chance.randrange(256)))
            rows = rows * chance.choice((1, 1, 1, 50))
            data[start:end] = chunk(b"IDAT", zlib.compress(bytes(rows)))
            return None
    return flip(data, chance)


def valid_sums(data: bytearray) -> None:
    """Make a PNG's checksums right again, so that the damage gets past them."""
    for start, end in parts(data) if data[:4] == b"\x89PNG" else []:
        data[end - 4 : end] = struct.pack(">I", zlib.crc32(bytes(data[start + 4 : end - 4])))


MUTATIONS: tuple[Mutation, ...] = (
    *(flip, flip_head, cut, remove, repeat, splice, move_part, lie_of_length, lie_of_size, wreck_pixels),
)


def mutated(seed: int, number: int) -> tuple[str, bytes]:
    """The file number ``number`` of those that ``seed`` gives, and how it was made."""
    chance = random.Random(f"{seed}/{number}")
    name = chance.choice(sorted(samples()))
    data = bytearray(samples()[name])
    ways = chance.choices(MUTATIONS, k=chance.choice((1, 1, 2, 3)))
    for mutate in ways:
        if data:
            mutate(data, chance)
    if chance.random() < 0.7:
        valid_sums(data)
    return f"{name}: {', '.join(way.__name__ for way in ways)}", bytes(data)


def mutations(seed: int, count: int, first: int = 0) -> Iterator[tuple[str, bytes]]:
    for number in range(first, first + count):
        yield mutated(seed, number)
