"""Pictures that are small files and want all memory, or all time, that there is; and what shall become of each."""

from __future__ import annotations

import struct
import zlib

import numpy as np
from PIL import Image

from ras.errors import SkipReason
from tests.reliability.mutate_pictures import SIGNATURE, chunk, encode, png, samples

FINE = "decoded"
LARGE, DAMAGED, OTHER, CRASHED = (
    reason.value for reason in (SkipReason.TOO_LARGE, SkipReason.DAMAGED, SkipReason.UNSUPPORTED, SkipReason.CRASHED)
)


def bombs() -> dict[str, tuple[bytes, tuple[str, ...]]]:
    """Name → the file, and what may become of it: ``FINE``, or a reason."""
    plain = samples()
    packed = zeros(200)
    photo, progressive = plain["jpeg"], plain["jpeg progressive"]
    last = progressive.rfind(b"\xff\xda")
    made: dict[str, tuple[bytes, tuple[str, ...]]] = {
        "65,535 × 65,535 PNG of half a megabyte": (
            png(65535, 65535, 8, 2, b"", chunk(b"IDAT", zeros(480))),
            (LARGE,),
        ),
        "PNG of 2 billion squared": (png(2**31 - 1, 2**31 - 1, 8, 6, b""), (LARGE,)),
        "PNG of no pixels": (png(0, 0, 8, 2, b""), (DAMAGED,)),
        "PNG of one endless row": (png(119_000_000, 1, 8, 0, b""), (LARGE,)),
        "PNG of a long row": (png(190_000, 1, 8, 0, bytes(190_001)), (FINE,)),
        "PNG of one endless column": (png(1, 119_000_000, 1, 0, bytes(2 * 1000)), (LARGE,)),
        "palette with bad indexes": (png(64, 64, 8, 3, bytes([0, *range(64)]) * 64, chunk(b"PLTE", b"abc")), (FINE,)),
        "palette with none": (png(64, 64, 8, 3, bytes([0, *range(64)]) * 64), (FINE, DAMAGED)),
        "far more rows than there are": (png(64, 64, 8, 2, b"", chunk(b"IDAT", packed)), (FINE, DAMAGED)),
        "300,000 chunks": (
            plain["png"][:33] + chunk(b"zzZz", b"") * 300_000 + plain["png"][33:],
            (FINE, CRASHED),
        ),
        "pixels in 100,000 pieces": (_in_pieces(plain["png"], 100_000), (FINE, DAMAGED, CRASHED)),
        "APNG of 2 billion frames": (_with(plain["apng"], b"acTL", struct.pack(">II", 2**31 - 1, 0)), (FINE,)),
        "APNG frame outside": (_frame_outside(plain["apng"]), (FINE, DAMAGED)),
        "JPEG of 65,500 squared": (_sized(photo, 65500, 65500), (LARGE,)),
        "JPEG of 10,900 squared": (_sized(photo, 10900, 10900), (FINE, DAMAGED)),
        "progressive JPEG of 10,900 squared": (_sized(progressive, 10900, 10900), (FINE, LARGE, DAMAGED)),
        "CMYK JPEG of 10,900 squared": (_sized(plain["jpeg cmyk"], 10900, 10900), (FINE, LARGE, DAMAGED)),
        "JPEG of 5,000 scans": (progressive[:-2] + progressive[last:-2] * 5000 + b"\xff\xd9", (DAMAGED,)),
        "JPEG of a million segments": (photo[:2] + b"\xff\xee\x00\x02" * 1_000_000 + photo[2:], (DAMAGED,)),
        "JPEG of 30 MB of filling": (photo[:2] + b"\xff" * 30_000_000 + photo[2:], (DAMAGED,)),
        "JPEG with 64 MB behind it": (photo + bytes(60_000_000), (FINE,)),
        "JPEG with 200 profiles and XMP": (photo[:2] + _segment(0xE2, b"ICC_PROFILE\0\1\1") * 200 + photo[2:], (FINE,)),
        "EXIF in circles": (_with_exif(photo, _exif_circle()), (FINE,)),
        "EXIF of four billion values": (_with_exif(photo, _exif_many()), (FINE,)),
        "EXIF turned 9 ways": (_with_exif(photo, _exif_orientation(9)), (FINE,)),
        "MPO of many pictures": (_segment_in(plain["mpo"]), (FINE,)),
        "GIF of 65,535 squared": (_gif_sized(plain["gif"], 65535, 65535), (LARGE,)),
        "GIF of 30,000 frames": (_gif_frames(30_000), (FINE,)),
        "GIF frame outside": (_gif_frame_at(60_000, 60_000), (LARGE, DAMAGED)),
        "BMP of minus 2 billion": (_bmp_sized(plain["bmp"], 2**31 - 1, -(2**31)), (LARGE, DAMAGED)),
        "WebP of 16,384 squared": (_webp_sized(plain["webp animated"], 16384, 16384), (LARGE, DAMAGED)),
        "AVIF, which is not decoded": (plain.get("avif", plain["tiff"]), (OTHER,)),
        "TIFF, which is not decoded": (plain["tiff"], (OTHER,)),
    }
    for name, extra in {
        "text of 200 MB": chunk(b"zTXt", b"a\0\0" + packed),
        "other text of 200 MB": chunk(b"iTXt", b"a\0\1\0\0\0" + packed),
        "profile of 200 MB": chunk(b"iCCP", b"a\0\0" + packed),
        "EXIF of 20 MB": chunk(b"eXIf", b"MM\0*" + bytes(20_000_000)),
        "text of 40 MB": chunk(b"tEXt", b"a\0" + bytes(40_000_000)),
        "1,000 texts of 200 KB": chunk(b"zTXt", b"a\0\0" + zlib.compress(bytes(200_000))) * 1000,
    }.items():
        made[name] = (plain["png"][:33] + extra + plain["png"][33:], (FINE,))
        made[f"{name}, behind"] = (plain["png"][:-12] + extra + plain["png"][-12:], (FINE,))
    return made


def zeros(megabytes: int) -> bytes:
    """So much of nothing, as small as zlib makes it."""
    packer = zlib.compressobj(9)
    first, more = (packer.compress(bytes(1 << 20)) + packer.flush(zlib.Z_FULL_FLUSH) for _ in range(2))
    checksum = ((megabytes << 20) % 65521) << 16 | 1
    return first + more * (megabytes - 1) + packer.flush()[:-4] + struct.pack(">I", checksum)


def giants(count: int, pixels: int = 119_000_000) -> list[bytes]:
    """PNG files of so many pixels, with transparency, which take the most memory; no two alike."""
    width = 12_000
    height = pixels // width
    row = bytes([0]) + bytes(range(256)) * (width * 4 // 256) + bytes(width * 4 % 256)
    files = []
    for number in range(count):
        packer = zlib.compressobj(1)
        rows = packer.compress(bytes([0]) + bytes([number]) * (width * 4))
        rows += b"".join(packer.compress(row * 100) for _ in range((height - 1) // 100))
        rows += packer.compress(row * ((height - 1) % 100)) + packer.flush()
        head = struct.pack(">IIBBBBB", width, height, 8, 6, 0, 0, 0)
        files.append(SIGNATURE + chunk(b"IHDR", head) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
    return files


def _in_pieces(data: bytes, amount: int) -> bytes:
    """The pixels in chunks of a byte, and empty ones."""
    start = data.index(b"IDAT") - 4
    length = int.from_bytes(data[start : start + 4], "big")
    body = data[start + 8 : start + 8 + length]
    pieces = b"".join(chunk(b"IDAT", body[at : at + 1]) for at in range(length))
    return data[:start] + pieces + chunk(b"IDAT", b"") * (amount - length) + data[start + 12 + length :]


def _with(data: bytes, name: bytes, body: bytes) -> bytes:
    """The PNG with the body of a chunk replaced by one that is as long."""
    start = data.index(name) - 4
    return data[:start] + chunk(name, body) + data[start + 12 + len(body) :]


def _frame_outside(data: bytes) -> bytes:
    start = data.rindex(b"fcTL") + 4
    body = bytearray(data[start : start + 26])
    body[4:20] = struct.pack(">IIII", 2**31 - 1, 2**31 - 1, 2**31 - 1, 2**31 - 1)
    return data[: start - 8] + chunk(b"fcTL", bytes(body)) + data[start + 30 :]


def _sized(data: bytes, width: int, height: int) -> bytes:
    """The JPEG with another size in its header."""
    found = bytearray(data)
    at = max(data.find(b"\xff\xc0"), data.find(b"\xff\xc2"))
    found[at + 5 : at + 9] = struct.pack(">HH", height, width)
    return bytes(found)


def _segment(marker: int, body: bytes) -> bytes:
    filled = body + bytes(65_000 - len(body))
    return bytes([0xFF, marker]) + struct.pack(">H", 2 + len(filled)) + filled


def _segment_in(data: bytes) -> bytes:
    """The MPO with a hundred of its indexes."""
    start = data.index(b"MPF\0") - 4
    length = 2 + int.from_bytes(data[start + 2 : start + 4], "big")
    return data[:start] + data[start : start + length] * 100 + data[start + length :]


def _with_exif(data: bytes, tiff: bytes) -> bytes:
    body = b"Exif\0\0" + tiff
    return data[:2] + b"\xff\xe1" + struct.pack(">H", 2 + len(body)) + body + data[2:]


def _directory(*entries: tuple[int, int, int, int], after: int = 0) -> bytes:
    head = b"MM\0*" + struct.pack(">I", 8) + struct.pack(">H", len(entries))
    return head + b"".join(struct.pack(">HHII", *entry) for entry in entries) + struct.pack(">I", after)


def _exif_circle() -> bytes:
    """Directories that lead back to the first."""
    return _directory((0x0112, 3, 1, 6 << 16), (0x8769, 4, 1, 8), (0x8825, 4, 1, 8), (0xA005, 4, 1, 8), after=8)


def _exif_many() -> bytes:
    return _directory(*((0x0100 + tag, 5, 2**32 - 1, 8) for tag in range(2000)))


def _exif_orientation(value: int) -> bytes:
    return _directory((0x0112, 3, 1, value << 16))


def _gif_sized(data: bytes, width: int, height: int) -> bytes:
    return data[:6] + struct.pack("<HH", width, height) + data[10:]


def _gif_frames(count: int) -> bytes:
    whole = encode(Image.new("P", (60, 60), 1), "GIF")
    start = whole.index(b"\x2c")
    return whole[:start] + whole[start:-1] * count + b";"


def _gif_frame_at(left: int, top: int) -> bytes:
    whole = bytearray(encode(Image.fromarray(np.arange(3600, dtype=np.uint8).reshape(60, 60)), "GIF"))
    start = whole.index(b"\x2c\0\0\0\0")
    whole[start + 1 : start + 9] = struct.pack("<HHHH", left, top, 5000, 5000)
    return bytes(whole)


def _bmp_sized(data: bytes, width: int, height: int) -> bytes:
    return data[:18] + struct.pack("<ii", width, height) + data[26:]


def _webp_sized(data: bytes, width: int, height: int) -> bytes:
    start = data.index(b"VP8X") + 12
    sides = (width - 1).to_bytes(3, "little") + (height - 1).to_bytes(3, "little")
    return data[:start] + sides + data[start + 6 :]
