"""The nouns of RAS and the events of its jobs: frozen values that may cross threads."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum
from typing import TYPE_CHECKING, Generator, Tuple, TypeVar, Union

from ras.errors import SkipReason

if TYPE_CHECKING:
    from PIL.Image import Image


@dataclass(frozen=True)
class Channel:
    """A channel, thread or direct message. ``guild_id`` is ``"0"`` for a direct message, empty where unknown."""

    id: str
    name: str
    guild_id: str
    guild_name: str
    category: str = ""


@dataclass(frozen=True)
class ImageRecord:
    """One picture in one message.

    ``key`` identifies the picture for good: ``"a:<attachment id>"``, else ``"u:<hash of the canonical URL>"``;
    Discord's URLs are signed anew in every export and never serve as identity.
    """

    key: str
    message_id: str
    """Empty where the export does not have it, as CSV files of DiscordChatExporter."""
    attachment_id: str | None
    """Discord's id of the attachment; None for a picture of an embed."""
    file_name: str
    url: str
    """The original Discord URL, as the export has it, or rebuilt where the export only has a local path."""
    local_path: str | None
    """Absolute path of the media file that the export names, whether or not it exists, perhaps inside of a zip (see
    ``ras.trees``); None where it names none."""
    file_size: int | None
    """Bytes, as the export states them."""
    author_id: str
    author: str
    channel: Channel
    timestamp: datetime
    """When the message was posted; aware."""
    content: str = ""
    """The text of the message."""
    kind: str = "attachment"
    """``attachment``, ``embed``, ``forwarded`` (an attachment or embed of a forwarded message), ``link`` (to a picture,
    in the text), ``sticker``, ``emoji``, ``avatar``."""
    media_root: str | None = None
    """What ``local_path`` may not leave: the export's own folder, or the file (a zip, a database) that holds the media;
    None where there is no local path."""

    @property
    def message_link(self) -> str:
        """The link to the message: it never expires. Empty where the export does not say which message it is."""
        if not (self.message_id and self.channel.id and self.channel.guild_id):
            return ""
        guild = "@me" if self.channel.guild_id == "0" else self.channel.guild_id
        return f"https://discord.com/channels/{guild}/{self.channel.id}/{self.message_id}"

    @property
    def spoiler(self) -> bool:
        """Whether its author hid it as a spoiler. Discord marks that in the name alone."""
        return self.file_name.startswith("SPOILER_")


@dataclass(frozen=True)
class PictureKinds:
    """Which pictures of messages count besides their attachments and embeds."""

    links: bool = True
    """To pictures, in the text."""
    stickers: bool = False
    emoji: bool = False
    """Custom ones, in the text and as reactions."""
    avatars: bool = False
    """Of the authors, each once."""


DEFAULT_KINDS = PictureKinds()


MOST_PICTURES = 3_000_000
"""Taken of an archive, its channels among them. Each takes about 0.7 KB of memory, its usual texts among that."""
MOST_TEXT = 2_000_000_000
"""Bytes in memory, of the names, addresses and messages of these pictures."""


@dataclass(frozen=True)
class Archive:
    """What is searched: everything that was read from one or more export files."""

    paths: tuple[str, ...]
    name: str
    channels: tuple[Channel, ...]
    message_count: int
    records: tuple[ImageRecord, ...]
    warnings: tuple[str, ...] = ()
    """Sentences for the user on what is missing, e.g. the end of an export that was cut."""


@dataclass(frozen=True)
class Query:
    """What is searched for: a picture, a text, or a picture together with a text; and a name to show."""

    image: Image | None
    """Decoded, RGB, upright."""
    name: str
    content_hash: str = ""
    """SHA-256 of the picture's file, hexadecimal; empty where it came without one, such as from the clipboard."""
    text: str = ""
    text_weight: float = 0.5
    """How much the text counts beside the picture, 0 to 1; without a picture it counts alone."""

    def __post_init__(self) -> None:
        if self.image is None and not self.text:
            raise ValueError("A query needs a picture or a text.")
        if not 0 <= self.text_weight <= 1:
            raise ValueError("A text weighs 0 to 1.")

    def scope(self, wanted: str) -> str:
        """What can be found of it, of a key of ``SCOPES``: a text has no copies, and all that looks like it counts."""
        return "all" if self.image is None else wanted


class Verdict(str, Enum):
    """What a picture of the archive is to the query. The value is the one in ``--json``; the surest comes first."""

    IDENTICAL = "identical"
    ALTERED = "altered"
    ALIKE = "alike"
    UNLIKELY = "unlikely"

    @property
    def text(self) -> str:
        return _VERDICT_TEXT[self]

    @property
    def text_for_text(self) -> str:
        """What it says where a text alone was searched for; then there are no copies."""
        return "Looks like it" if self is Verdict.ALIKE else "Probably something else"

    @property
    def level(self) -> int:
        """0 for the surest."""
        return list(Verdict).index(self)

    @property
    def is_copy(self) -> bool:
        """Whether it is the very same picture, altered or not."""
        return self in (Verdict.IDENTICAL, Verdict.ALTERED)


_VERDICT_TEXT = {
    Verdict.IDENTICAL: "Identical",
    Verdict.ALTERED: "Same picture, altered",
    Verdict.ALIKE: "Looks alike",
    Verdict.UNLIKELY: "Probably another picture",
}


class Change(str, Enum):
    """What was done to the picture of the archive to make the query of it, as far as it can be told."""

    RESAVED = "saved again or resized"
    CROPPED = "cropped"
    MIRRORED = "mirrored"
    TURNED = "turned"
    STRETCHED = "stretched"
    TILTED = "seen at an angle"
    CAPTION = "caption or bar added"
    FRAMED = "frame added"
    EMBEDDED = "part of a larger picture"
    COVERED = "partly covered"
    GRAY = "black and white"
    RECOLOURED = "colours changed"
    BRIGHTER = "brighter"
    DARKER = "darker"

    @property
    def text(self) -> str:
        """To stand behind ``Same picture, altered:``."""
        return self.value


Point = Tuple[float, float]
"""(x, y) in shares of a picture's width and height, from its top left corner."""


@dataclass(frozen=True)
class MatchedRegion:
    """Where the query and a picture of the archive show the same: the corners of a polygon on each, in one order."""

    query: tuple[Point, ...]
    picture: tuple[Point, ...]


@dataclass(frozen=True)
class Evidence:
    """What a verdict rests on."""

    inliers: int = 0
    """Keypoints that both pictures have, at places that one projection takes into each other."""
    agreement: float | None = None
    """How well brightness agrees, block by block, once one is laid over the other: -1 to 1 (median ZNCC)."""
    hash_distance: int | None = None
    """Bits of 256 in which their perceptual hashes differ, mirrored or turned as fits best."""
    cosine: float = 0.0
    """Of the embeddings, as in ``SearchResult.score``."""


@dataclass(frozen=True)
class SearchResult:
    """One picture of the archive and how near it is to the query."""

    rank: int
    """From 1."""
    score: float
    """Cosine of the two embeddings, -1 to 1; 1 is the same picture."""
    record: ImageRecord
    preview: bytes | None = field(default=None, repr=False)
    """A small JPEG or PNG of the picture, so that it shows when its URL is dead."""
    place: int = 0
    """The record's place in the archive that was searched: it breaks ties in score."""
    verdict: Verdict = Verdict.UNLIKELY
    changes: tuple[Change, ...] = ()
    """Where the verdict is ``ALTERED``."""
    matched_region: MatchedRegion | None = None
    evidence: Evidence | None = None
    content: str = field(default="", compare=False)
    """Names the bytes of the picture's file: results of one search that have the same are the same picture, posted
    again. Empty where that is not known."""
    of_text: bool = False
    """Whether it is shown as found by a text alone: its verdict says ``Verdict.text_for_text`` then."""

    @property
    def verdict_title(self) -> str:
        """``Same picture, altered``."""
        return self.verdict.text_for_text if self.of_text else self.verdict.text

    @property
    def verdict_text(self) -> str:
        """``Same picture, altered: cropped, mirrored``."""
        changes = ", ".join(change.text for change in self.changes)
        return f"{self.verdict_title}: {changes}" if changes else self.verdict_title


@dataclass(frozen=True)
class SearchReport:
    """How a search for one query went. Returned by the search job when it is through."""

    mode: str
    encoder: str
    device: str
    searched: int
    """Pictures that were compared with the query."""
    skipped: dict[str, int]
    """Pictures that could not be, counted by ``SkipReason`` value."""
    results: tuple[SearchResult, ...]
    not_indexed: int = 0
    """Pictures that the mode left out because the store does not have them yet."""
    text: str = ""
    """What was searched for, where that was a text alone: there are no copies then, and scores are far lower."""

    @property
    def verdict(self) -> Verdict:
        """The surest one of its results; ``UNLIKELY`` means that the picture is probably not in the archive."""
        return min((result.verdict for result in self.results), key=lambda one: one.level, default=Verdict.UNLIKELY)

    def count(self, *verdicts: Verdict) -> int:
        """How many results have one of these verdicts."""
        return sum(result.verdict in verdicts for result in self.results)


@dataclass(frozen=True)
class IndexReport:
    """How indexing an archive went. Returned by ``fill_store`` when it is through."""

    archive: str
    pictures: int
    """Pictures of the archive."""
    indexed: int
    """Pictures of it that the store has embeddings of now."""
    encoded: int
    """Of these, pictures that were encoded in this run."""
    reused: int
    """Of these, pictures that turned out in this run to have bytes that were encoded before."""
    skipped: dict[str, int]
    """Pictures that could not be indexed, in this run or before, counted by ``SkipReason`` value."""
    seconds: float


@dataclass(frozen=True)
class Progress:
    """How far a job is. ``done`` and ``total`` count ``unit``."""

    stage: str
    """What is being done, to be shown: ``Searching``, ``Downloading the CLIP model``."""
    done: int
    total: int | None = None
    unit: str = "pictures"
    """``pictures``, ``messages`` or ``bytes``."""
    seconds_left: float | None = None
    rate: float | None = None
    """How many ``unit`` are done a second, of late; None while it is too early to tell."""
    bytes_read: int = 0
    """Of pictures, from the disk and the network, so far."""
    failed: int = 0
    """How many of ``done`` could not be had."""


@dataclass(frozen=True)
class Skipped:
    """A picture that was left out, and why. A bad picture is data, not an exception."""

    record: ImageRecord
    reason: SkipReason
    detail: str
    untried: bool = False
    """Whether it was not even asked for, since its server had been given up."""


@dataclass(frozen=True)
class Notice:
    """A sentence for the user: a fallback that was taken, its reason and the way back up."""

    text: str


@dataclass(frozen=True)
class Results:
    """The best so far, best first. Each such event replaces the one before it for the same query."""

    results: tuple[SearchResult, ...]
    final: bool = False
    query: int = 0
    """Which of the queries, where several are searched for at once."""


Event = Union[Progress, Skipped, Notice, Results]

T = TypeVar("T")

Job = Generator[Event, None, T]
"""A job: yields events while it works (each yield is a cancel point: ``job.close()``), returns its result."""


def finish(job: Job[T]) -> T:
    """Run a job to its end, dropping its events, and return its result."""
    while True:
        try:
            next(job)
        except StopIteration as stop:
            result: T = stop.value
            return result
