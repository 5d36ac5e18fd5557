"""Settings: a frozen value, loaded from and saved to ``settings.json`` in the data folder."""

from __future__ import annotations

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

log = logging.getLogger(__name__)

# Search modes and their names in the window, from the quickest to the one that always works: the fallback chain.
MODES = {"faiss": "FAISS", "cached": "Cached", "realtime": "Real-time"}
# Which results are wanted, and what each choice is called.
SCOPES = {"all": "Copies and look-alikes", "copies": "Only copies", "alike": "Only look-alikes"}
ENCODERS = ("auto", "clip", "fingerprint")
THEMES = ("system", "dark", "light")


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
    allowed_hosts: tuple[str, ...] = ()
    """Hosts to download from besides Discord's: ``host`` or ``host:port``. One named here may be on a private net."""
    media_folders: tuple[str, ...] = ()
    """Folders besides the export's own in which its media may lie."""

    theme: str = "system"
    window_geometry: str = ""
    last_archive: tuple[str, ...] = ()
    """Paths of the archive that was open last."""

    def __post_init__(self) -> None:
        offered = {"mode": ("auto", *MODES), "scope": tuple(SCOPES), "encoder": ENCODERS, "theme": THEMES}
        for name, choices in offered.items():
            if getattr(self, name) not in choices:
                raise SettingsError(f"The setting “{name}” is {getattr(self, name)!r}; it can be {', '.join(choices)}.")
        for name, high in (("top_k", 10_000), ("connections", 32), ("max_megabytes", 4096), ("max_megapixels", 4096)):
            if not 1 <= getattr(self, name) <= high:
                raise SettingsError(f"The setting “{name}” is {getattr(self, name)}; it can be 1 to {high}.")

    @property
    def max_pixels(self) -> int:
        return self.max_megapixels * 1_000_000

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
        raw = json.loads(path.read_text("utf-8"))
        if not isinstance(raw, dict):
            raise ValueError("not a JSON object")
    except FileNotFoundError:
        return Settings()
    except OSError as exc:
        log.warning("The settings in %s cannot be read (%s); the defaults are used.", path, exc)
        return Settings()
    except ValueError as exc:
        aside = path.with_name(path.name + ".corrupt")
        log.warning("The settings in %s are damaged (%s); they were set aside, the defaults are used.", path, exc)
        try:
            os.replace(path, aside)
        except OSError as move_exc:
            log.warning("%s could not be set aside: %s", path, move_exc)
        return Settings()
    return _from_json(raw)


def _from_json(raw: dict[str, Any]) -> Settings:
    chosen: dict[str, Any] = {}
    for field in dataclasses.fields(Settings):
        if field.name not in raw:
            continue
        value: Any = raw[field.name]
        default: Any = field.default
        if isinstance(default, tuple) and isinstance(value, list) and all(isinstance(item, str) for item in value):
            value = tuple(value)
        allowed = (str, type(None)) if default is None else type(default)
        # bool is an int in Python: true must not pass as a number.
        if not isinstance(value, allowed) or isinstance(value, bool) != isinstance(default, bool):
            log.warning("The setting “%s” has a value of the wrong kind; the default is used.", field.name)
            continue
        one: dict[str, Any] = {field.name: value}
        try:
            Settings(**one)
        except SettingsError as exc:
            log.warning("%s The default is used.", exc)
        else:
            chosen.update(one)
    return Settings(**chosen)


def save_settings(settings: Settings, path: Path | None = None) -> None:
    """Write the settings atomically. Raises SettingsError with a sentence where the folder cannot be written."""
    path = path or settings_path()
    text = json.dumps(dataclasses.asdict(settings), indent=2, ensure_ascii=False)
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, temporary = tempfile.mkstemp(dir=str(path.parent), prefix=".settings-")
        try:
            with os.fdopen(handle, "w", encoding="utf-8") as file:
                file.write(text)
                file.flush()
                os.fsync(file.fileno())
            os.replace(temporary, path)
        except BaseException:
            os.unlink(temporary)
            raise
    except OSError as exc:
        raise SettingsError(f"The settings could not be saved to {path}: {exc.strerror or exc}.") from exc
