"""Which renditions are asked for, and when they pass for their originals; with Discord in test_small_previews.py."""

from __future__ import annotations

import io
import time
from random import Random
from typing import Callable

import pytest
from PIL import Image, ImageDraw, ImageFilter

from ras.cdn import canonical_url, rendition_url
from ras.downloader.likeness import difference, unfit
from ras.downloader.renditions import EACH, SAMPLES, SHARE, SIDE, SMALLEST, SURPRISES, Renditions
from ras.errors import DecodeError, FetchError, SkipReason
from ras.images import decode_image, upright_size
from ras.records import ImageRecord
from ras.settings import Settings
from ras.text import size
from tests.cdn_double import make_record
from tests.media_proxy import drawn, encoded

SIGNED = "https://cdn.discordapp.com/attachments/1/2/cat.png?ex=7fffffff&is=65c68ede&hm=2481f30d&"
BOX = (SIDE, SIDE)
SETTINGS = Settings()


def test_the_rendition_is_the_same_path_with_the_same_signature() -> None:
    media = "https://media.discordapp.net/attachments/1/2/cat.png?ex=7fffffff&is=65c68ede&hm=2481f30d"
    assert rendition_url(SIGNED, 768, 512) == f"{media}&width=768&height=512"
    assert rendition_url(SIGNED, 768) == f"{media}&width=768"
    assert rendition_url(f"{SIGNED}=", 768) == f"{media}&width=768"  # as Discord's program leaves it
    for host in ("media.discordapp.net", "cdn.discord.com"):
        assert rendition_url(SIGNED.replace("cdn.discordapp.com", host), 768) == f"{media}&width=768"
    assert canonical_url(f"{media}&width=768&height=768") == canonical_url(SIGNED)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "http://[",
        "https://cdn.discordapp.com/avatars/1/2.png?ex=7fffffff&hm=1",
        "https://cdn.discordapp.com/attachments.png",
        "https://cdn.discordapp.com.example.org/attachments/1/2/cat.png?ex=7fffffff",
        "https://images-ext-1.discordapp.net/external/abc/https/example.org/attachments/1/2/cat.png",
        "ftp://cdn.discordapp.com/attachments/1/2/cat.png",
        f"{SIGNED}format=webp",
        f"{SIGNED}=&width=100&height=100",
        "file:///attachments/1/2/cat.png",
    ],
)
def test_what_has_no_rendition(url: str) -> None:
    assert rendition_url(url, 768) is None


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_the_upright_size_is_in_the_first_bytes(kind: str) -> None:
    image = Image.effect_noise((900, 600), 50)
    exif = Image.Exif()
    for orientation in range(1, 9):
        exif[0x0112] = orientation
        file = io.BytesIO()
        image.save(file, kind, exif=exif)
        data = file.getvalue()
        assert len(data) > 100_000
        assert upright_size(data) == decode_image(data).size
        if kind == "JPEG":  # a PNG file may have it behind the pixels
            assert upright_size(data[:1000]) == decode_image(data).size
    assert upright_size(data[:20]) is None
    assert upright_size(encoded(image, "GIF")) is None
    assert upright_size(b"") is None


def small(data: bytes, change: Callable[[Image.Image], Image.Image] = lambda image: image, **saved: int) -> bytes:
    """The rendition of a file, changed after it was shrunk."""
    with Image.open(io.BytesIO(data)) as image:
        kind = str(image.format)
        reduced = image.copy()
    reduced.thumbnail(BOX, Image.Resampling.LANCZOS)
    return encoded(change(reduced), kind, **saved)


@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
@pytest.mark.parametrize("sides", [(1200, 800), (800, 1200), (3001, 1999), (2000, 300), (700, 500)])
def test_an_honest_rendition_is_its_original(kind: str, sides: tuple[int, int]) -> None:
    data = drawn(1, kind, sides)
    assert difference(data, small(data), BOX, SETTINGS) is None
    assert difference(data, small(data, lambda image: image.filter(ImageFilter.BoxBlur(1))), BOX, SETTINGS) is None
    assert unfit(small(data), BOX, SIDE // 2, len(data) + 1) is None


@pytest.mark.parametrize(
    ("change", "what"),
    [
        (lambda image: image.transpose(Image.Transpose.ROTATE_180), "something else"),
        (lambda image: image.crop((0, 0, image.width, image.height - 40)), "768 × 472 pixels"),
        (lambda image: image.resize((700, 467)), "700 × 467 pixels"),
        (lambda image: image.resize((900, 600)), "900 × 600 pixels"),
        (lambda image: image.resize((512, 768)), "512 × 768 pixels"),
        (lambda image: Image.new("RGB", image.size, "white"), "something else"),
        (lambda image: Image.new("RGB", image.size, image.resize((1, 1)).getpixel((0, 0))), "something else"),
        (lambda image: image.point(lambda level: level // 2), "something else"),
        (lambda image: patched(image), "something else"),
    ],
)
@pytest.mark.parametrize("kind", ["PNG", "JPEG"])
def test_what_is_not_the_original(kind: str, change: Callable[[Image.Image], Image.Image], what: str) -> None:
    data = drawn(2, kind)
    assert what in str(difference(data, small(data, change), BOX, SETTINGS))


def patched(image: Image.Image) -> Image.Image:
    """A hundredth of it is something else."""
    corner = image.crop((0, 0, 96, 64))
    image.paste(corner.point(lambda level: 255 - level), (0, 0))
    return image


def test_another_picture_of_the_same_size_is_not_the_original() -> None:
    assert difference(drawn(1), small(drawn(2)), BOX, SETTINGS) == "it shows something else"


def page(number: int) -> bytes:
    """The file of a white page with some lines of pale text: pages differ by little."""
    rng = Random(number)
    image = Image.new("RGB", (1000, 1300), "white")
    draw = ImageDraw.Draw(image)
    for y in range(20, 1280, 24):
        for x in range(20, 960, 40):
            if rng.random() < 0.3:
                draw.rectangle((x, y, x + rng.randint(10, 30), y + 10), "#c8c8c8")
    return encoded(image, "PNG")


def test_another_page_is_not_the_original() -> None:
    assert difference(page(1), small(page(1)), BOX, SETTINGS) is None
    assert difference(page(1), small(page(2)), BOX, SETTINGS) == "it shows something else"


def test_another_kind_of_file_is_not_the_original() -> None:
    assert difference(drawn(1), small(drawn(1, "JPEG")), BOX, SETTINGS) == "it is another kind of file"


def test_a_clear_ground_is_white() -> None:
    data = drawn(3, clear=True)
    assert difference(data, small(data), BOX, SETTINGS) is None
    assert difference(data, small(data, lambda image: image.convert("RGB")), BOX, SETTINGS) is not None
    white = Image.new("RGB", (SIDE, 512), "white")

    def on_white(image: Image.Image) -> Image.Image:
        white.paste(image, mask=image.getchannel("A"))
        return white

    assert difference(data, small(data, on_white), BOX, SETTINGS) is None


def test_pictures_of_one_colour_can_be_compared() -> None:
    plain = encoded(Image.effect_noise((1500, 1500), 3).convert("RGB"), "PNG")
    assert difference(plain, small(plain), BOX, SETTINGS) is None
    assert difference(plain, small(plain, lambda image: image.point(lambda level: level + 30)), BOX, SETTINGS)


def test_the_height_is_free_where_only_the_width_was_asked_for() -> None:
    data = drawn(1, size=(900, 2700))
    with Image.open(io.BytesIO(data)) as image:
        wide = encoded(image.resize((SIDE, 2304), Image.Resampling.LANCZOS), "PNG")
    assert difference(data, wide, (SIDE, None), SETTINGS) is None
    assert unfit(wide, (SIDE, None), SIDE // 2, len(data)) is None
    assert difference(data, wide, BOX, SETTINGS) is not None
    assert unfit(wide, BOX, SIDE // 2, len(data)) == "it has 768 × 2304 pixels"


def test_an_original_that_is_damaged_proves_nothing() -> None:
    with pytest.raises(DecodeError):
        difference(b"\x89PNG\r\n\x1a\n" + bytes(10**6), small(drawn(1)), BOX, SETTINGS)
    assert "cannot be decoded" in str(difference(drawn(1), drawn(1)[:40], BOX, SETTINGS))


class Server:
    """In the place of a downloader's methods."""

    def __init__(self) -> None:
        self.original = drawn(1)
        self.small: bytes | None = small(self.original)
        self.asked = 0
        self.gone = False

    def fetch_original(self, record: ImageRecord) -> bytes:
        if self.gone:
            raise FetchError("gone", SkipReason.GONE)
        return self.original

    def fetch_small(self, record: ImageRecord) -> bytes:
        self.asked += 1
        if self.small is None:
            raise FetchError("415", SkipReason.UNSUPPORTED)
        return self.small


@pytest.fixture
def server() -> Server:
    return Server()


def proven(server: Server) -> Renditions:
    renditions = Renditions(SETTINGS, server.fetch_original, server.fetch_small, server.fetch_original)
    for _ in range(SAMPLES):
        assert renditions.fetch(record(server)) == server.original
    return renditions


def record(server: Server, **changed: object) -> ImageRecord:
    return make_record(**{"url": SIGNED, "file_size": len(server.original), **changed})


def test_nothing_is_asked_for_without_a_live_signature(server: Server) -> None:
    renditions = proven(server)
    assert renditions.fetch(record(server)) == server.small
    before = server.asked
    unsigned = SIGNED.partition("?")[0]
    past = f"{int(time.time()) - 60:x}"
    for url in (unsigned, f"{unsigned}?ex=0&is=0&hm=1&uc=dp", f"{unsigned}?ex={past}&is=1&hm=1&"):
        assert renditions.fetch(record(server, url=url)) == server.original
    assert renditions.fetch(record(server, file_size=SMALLEST - 1)) == server.original
    assert server.asked == before


def test_an_ever_larger_share_of_surprises_ends_it(server: Server) -> None:
    renditions = proven(server)
    honest = server.small
    each = round(1 / SHARE) + 2
    for number in range(1, 8 * each):  # too few for their number
        server.small = None if number % each == 0 else honest
        renditions.fetch(record(server))
    server.small = honest
    assert renditions.fetch(record(server)) == honest
    server.small = None
    for _ in range(20):
        assert renditions.fetch(record(server)) == server.original
    before = server.asked
    server.small = honest
    assert renditions.fetch(record(server)) == server.original
    assert server.asked == before
    assert SURPRISES < 20


def test_one_in_each_is_compared(server: Server) -> None:
    renditions = proven(server)
    given = [renditions.fetch(record(server)) == server.original for _ in range(2 * EACH)]
    assert [place for place, whole in enumerate(given, 1) if whole] == [EACH, 2 * EACH]


def test_the_proof_is_counted_against_what_is_saved(server: Server) -> None:
    renditions = proven(server)
    assert renditions.notices() == []
    for _ in range(9):
        renditions.fetch(record(server))
    assert server.small is not None
    saved = 9 * len(server.original) - (9 + SAMPLES) * len(server.small)
    assert renditions.notices() == [f"Small previews were fetched instead of 9 originals: about {size(saved)} less."]
    renditions.fetch(record(server))
    (notice,) = renditions.notices()
    assert notice.startswith("A small preview was fetched instead of 1 original: about ")
    assert renditions.notices() == []


def test_renditions_that_are_no_smaller_prove_nothing_and_save_nothing(server: Server) -> None:
    renditions = Renditions(SETTINGS, server.fetch_original, server.fetch_small, server.fetch_original)
    server.original, honest = drawn(1, size=(600, 500)), server.original
    server.small = small(server.original) + b"more"
    for _ in range(SAMPLES):
        assert renditions.fetch(record(server)) == server.original
    assert server.asked == SAMPLES  # nothing was refuted
    server.original, server.small = honest, small(honest)
    for _ in range(SAMPLES):
        assert renditions.fetch(record(server)) == server.original
    assert renditions.fetch(record(server)) == server.small
    server.small += bytes(len(honest))
    for _ in range(SURPRISES):
        assert renditions.fetch(record(server)) == server.original
    before = server.asked
    assert renditions.fetch(record(server)) == server.original
    assert server.asked == before


def test_gone_samples_leave_room_for_others(server: Server) -> None:
    renditions = Renditions(SETTINGS, server.fetch_original, server.fetch_small, server.fetch_original)
    server.gone = True
    for _ in range(2 * SAMPLES):
        with pytest.raises(FetchError):
            renditions.fetch(record(server))
    server.gone = False
    for _ in range(SAMPLES):
        assert renditions.fetch(record(server)) == server.original
    assert renditions.fetch(record(server)) == server.small
