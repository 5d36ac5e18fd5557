"""Settings: a frozen value, loaded from and saved to ``settings.json`` in the data folder."""

from __future__ import annotations

import contextlib
import dataclasses
import json
import logging
import os
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ras.errors import SettingsError
from ras.paths import data_folder
from ras.records import PictureKinds
from ras.regular_file import read_regular

log = logging.getLogger(__name__)

# Search modes and their names in the window, from the quickest to the one that always works: the fallback chain.
MODES = {"faiss": "FAISS", "cached": "Cached", "realtime": "Real-time"}
# Which results are wanted, and what each choice is called.
SCOPES = {"all": "Copies and look-alikes", "copies": "Only copies", "alike": "Only look-alikes"}
# In what order results are shown, and what each is called; the first is that of the search.
ORDERS = {"likeness": "Most alike first", "-date": "Newest first", "date": "Oldest first"}
ORDERS.update({"author": "By author", "channel": "By channel", "name": "By file name"})
# Those that only the headings of the list offer.
BACKWARDS = {
    "-likeness": "Least alike first",
    "-author": "By author, backwards",
    "-channel": "By channel, backwards",
    "-name": "By file name, backwards",
}
ENCODERS = ("auto", "clip", "fingerprint")
THEMES = ("system", "dark", "light")
DATES = ("system", "iso")
OF_THIS_MACHINE = frozenset({"window_geometry", "last_archive", "recent_archives"})
"""Remembered, not chosen: neither reset nor carried to another computer."""
OF_PATHS = frozenset({"clip_weights", "media_folders", "watch_folders", "last_archive"})
"""What names files and folders, as the system does."""


@dataclass(frozen=True)
class Settings:
    """What the user chose. Every field has a default, so that a file of any version loads."""

    mode: str = "auto"
    top_k: int = 30
    """How many results a search keeps."""
    scope: str = "all"
    """A key of ``SCOPES``."""

    encoder: str = "auto"
    clip_model: str = "ViT-B/32"
    clip_weights: str | None = None
    """A file with CLIP weights to use instead of the download."""
    device: str = "auto"
    """``auto``, ``cpu``, ``cuda``, ``cuda:1``, ``mps``."""
    download_clip: bool = True
    """Whether the window may download the CLIP weights on its own."""

    connections: int = 6
    """Downloads at the same time. Discord's limits are undocumented; other archivers use 4 to 8."""
    max_megabytes: int = 64
    """Pictures that are larger are skipped."""
    max_megapixels: int = 120
    """Pictures with more pixels are skipped before they are decoded."""
    extra_formats: bool = False
    """Whether WebP, GIF and BMP pictures (their first frame) are searched besides PNG and JPEG."""
    small_previews: bool = True
    """Whether Discord's small renditions are fetched instead of large originals, where they prove to be as good."""
    allowed_hosts: tuple[str, ...] = ()
    """Hosts to download from besides Discord's: ``host`` or ``host:port``. One named here may be on a private net."""
    refresh_links: bool = True
    """Whether expired links are refreshed where the user has set a bot token."""
    media_folders: tuple[str, ...] = ()
    """Folders besides the export's own in which its media may lie."""

    watch_archives: bool = False
    """Whether an archive is read again by itself when its files have changed, instead of being offered to."""
    watch_folders: tuple[str, ...] = ()
    """Folders in which RAS looks for new exports, to offer them."""

    picture_links: bool = True
    """Whether pictures count that a message's text links to."""
    stickers: bool = False
    emoji: bool = False
    """Custom ones, in the text and as reactions."""
    avatars: bool = False

    keep_queries: bool = True
    """Whether the window keeps what was searched for of late, with small pictures, in the data folder."""
    group_postings: bool = True
    """Whether the window shows a picture that was posted several times as one tile."""
    order: str = "likeness"
    """A key of ``ORDERS``."""
    results_as_list: bool = False
    """Whether the window lists results, instead of showing tiles."""
    tile_size: int = 3
    """From 1 to 7."""
    theme: str = "system"
    dates: str = "system"
    """Whether dates and numbers are written as the user's region does, or as 2021-03-12 and 12,044."""
    bell_when_done: bool = False
    """Whether a sound is made when long work ends while another window has the focus."""
    window_geometry: str = ""
    last_archive: tuple[str, ...] = ()
    """Paths of the archive that was open last."""
    recent_archives: tuple[str, ...] = ()
    """Of each archive that was open of late, the latest first: its paths as JSON."""

    def __post_init__(self) -> None:
        offered = {
            **{"mode": ("auto", *MODES), "scope": tuple(SCOPES), "encoder": ENCODERS},
            **{"theme": THEMES, "dates": DATES, "order": (*ORDERS, *BACKWARDS)},
        }
        for name, choices in offered.items():
            if getattr(self, name) not in choices:
                raise SettingsError(f"The setting “{name}” is {getattr(self, name)!r}; it can be {', '.join(choices)}.")
        most = {"top_k": 10_000, "connections": 32, "max_megabytes": 4096, "max_megapixels": 4096, "tile_size": 7}
        for name, high in most.items():
            if not 1 <= getattr(self, name) <= high:
                raise SettingsError(f"The setting “{name}” is {getattr(self, name)}; it can be 1 to {high}.")

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * 1_000_000

    @property
    def kinds(self) -> PictureKinds:
        """Which pictures of messages count besides their attachments and embeds."""
        return PictureKinds(self.picture_links, self.stickers, self.emoji, self.avatars)

    @property
    def limits(self) -> str:
        """What decides whether a picture is taken at all. Refused under other limits, it is tried again."""
        return f"all_formats={self.extra_formats:d} megabytes={self.max_megabytes} megapixels={self.max_megapixels}"


def settings_path() -> Path:
    return data_folder() / "settings.json"


def load_settings(path: Path | None = None) -> Settings:
    """The saved settings, or the defaults.

    A file that cannot be read is set aside as ``settings.json.corrupt``; a single bad value falls back to its
    default; a key of another version is ignored. Each is logged, none stops the program.
    """
    path = path or settings_path()
    try:
        raw = _read(path)
    except FileNotFoundError:
        return Settings()
    except OSError as exc:
        log.warning("The settings in %s cannot be read (%s); the defaults are used.", path, exc)
        return Settings()
    except (ValueError, RecursionError) as exc:
        aside = path.with_name(path.name + ".corrupt")
        log.warning("The settings in %s are damaged (%s); they were set aside, the defaults are used.", path, exc)
        try:
            os.replace(path, aside)
        except OSError as move_exc:
            log.warning("%s could not be set aside: %s", path, move_exc)
        return Settings()
    return _from_json(raw)


def with_changes(before: Settings, after: Settings, path: Path | None = None) -> Settings:
    """What is saved now, with what changed from ``before`` to ``after``; ``after`` where nothing usable is saved.

    Another window, or an editor, may have saved since: that must not undo it.
    """
    try:
        raw = _read(path or settings_path())
    except (OSError, ValueError, RecursionError):
        return after
    names = [field.name for field in dataclasses.fields(Settings)]
    changed = {name: getattr(after, name) for name in names if getattr(after, name) != getattr(before, name)}
    return dataclasses.replace(_from_json(raw), **changed)


def _read(path: Path) -> dict[str, Any]:
    """What is saved. Raises OSError, and ValueError or RecursionError where it is no JSON object."""
    raw = json.loads(read_regular(path).decode("utf-8-sig"))  # some editors put a mark before it
    if not isinstance(raw, dict):
        raise ValueError("not a JSON object")
    return raw


def _from_json(raw: dict[str, Any]) -> Settings:
    chosen: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        if field.name in raw:
            try:
                chosen[field.name] = setting_from_json(field.name, raw[field.name])
            except SettingsError as exc:
                log.warning("%s The default is used.", exc)
    return Settings(**chosen)


def setting_from_json(name: str, value: Any) -> Any:
    """The value of a setting as ``Settings`` takes it. Raises SettingsError where it has the wrong kind, or is none."""
    default: Any = next(field.default for field in dataclasses.fields(Settings) if field.name == name)
    if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(item, str) for item in value):
        value = tuple(value)
    allowed = (str, type(None)) if default is None else type(default)
    # bool is an int in Python: true must not pass as a number.
    if not isinstance(value, allowed) or isinstance(value, bool) != isinstance(default, bool):
        raise SettingsError(f"The setting “{name}” has a value of the wrong kind.")
    for text in value if isinstance(value, tuple) else (value,):
        if isinstance(text, str) and any(_is_odd(character, name in OF_PATHS) for character in text):
            raise SettingsError(f"The setting “{name}” has characters that no text of a setting has.")
    one: dict[str, Any] = {name: value}
    Settings(**one)
    return value


def _is_odd(character: str, in_path: bool) -> bool:
    """No path has a control character; a lone surrogate stands only for a byte of a name that is no UTF-8."""
    code = ord(character)
    return code < 32 or (0xD800 <= code < 0xE000 and not (in_path and 0xDC80 <= code < 0xDD00))


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings atomically. Raises SettingsError with a sentence where the folder cannot be written."""
    path = path or settings_path()
    text = json.dumps(dataclasses.asdict(settings), indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=str(path.parent), prefix=".settings-")
        try:
            # A lone surrogate is then written as JSON escapes it.
            with os.fdopen(handle, "w", encoding="utf-8", errors="backslashreplace") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            with contextlib.suppress(OSError):
                os.unlink(temporary)
            raise
    except (OSError, ValueError) as exc:
        why = getattr(exc, "strerror", None) or exc
        raise SettingsError(f"The settings could not be saved to {path}: {why}.") from exc
