"""What can be set in the window of the settings: its words, page by page, and what may be typed."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Sequence

from ras.encoders.weights import WEIGHTS
from ras.errors import SettingsError
from ras.settings import BACKWARDS, MODES, ORDERS, SCOPES, Settings
from ras.text import clean

TICK, CHOICE, NUMBER, FILE, LINES, FOLDERS = "tick", "choice", "number", "file", "lines", "folders"


@dataclass(frozen=True)
class Field:
    """One setting. ``kind`` says by what it is changed."""

    name: str
    """Of the field of ``Settings``."""
    label: str
    help: str
    kind: str
    options: tuple[tuple[str, str], ...] = ()
    """(value, label) of a choice."""
    unit: str = ""


@dataclass(frozen=True)
class Page:
    title: str
    fields: tuple[Field, ...]


PAGES = (
    Page(
        "Searching",
        (
            Field(
                "encoder",
                "How pictures are compared",
                "CLIP also finds pictures that only look alike, and by words. The fingerprint finds copies, is quick, "
                "and needs no download. Automatic takes CLIP once it is here.",
                CHOICE,
                (("auto", "Automatic"), ("clip", "CLIP"), ("fingerprint", "Fingerprint")),
            ),
            Field(
                "clip_model",
                "CLIP model",
                "Larger models tell pictures better and take longer. What was indexed with one cannot be searched with "
                "another.",
                CHOICE,
                tuple((name, name) for name in WEIGHTS),
            ),
            Field(
                "download_clip",
                "Download the CLIP model when it is missing",
                "Once, in the background, with its checksum verified. Without it, searches use the fingerprint.",
                TICK,
            ),
            Field(
                "clip_weights",
                "File with CLIP weights",
                "A file that is used instead of the download; leave it empty for the published model.",
                FILE,
            ),
            Field(
                "device",
                "CLIP runs on",
                "Automatic takes the graphics card where it can be used, else the processor.",
                CHOICE,
                (
                    ("auto", "Automatic"),
                    ("cpu", "Processor (CPU)"),
                    ("cuda", "NVIDIA graphics card (CUDA)"),
                    ("cuda:1", "Second NVIDIA graphics card"),
                    ("mps", "Apple graphics (MPS)"),
                ),
            ),
            Field(
                "keep_queries",
                "Keep recent queries",
                "The last twenty, with small pictures, on this computer only. Switched off, they are deleted.",
                TICK,
            ),
            Field("top_k", "Results to keep", "How many results a search shows at most.", NUMBER, unit="results"),
        ),
    ),
    Page(
        "Pictures",
        (
            Field(
                "extra_formats",
                "Also WebP, GIF and BMP",
                "Of moving pictures the first frame counts. Otherwise only PNG and JPEG pictures are searched.",
                TICK,
            ),
            Field(
                "picture_links", "Pictures that messages link to", "Those that are attached count in any case.", TICK
            ),
            Field("stickers", "Stickers", "Those that were sent with messages.", TICK),
            Field("emoji", "Custom emoji", "In the text of messages and as reactions.", TICK),
            Field("avatars", "Avatars", "The profile pictures of who wrote.", TICK),
            Field(
                "max_megabytes",
                "Largest file",
                "Pictures with larger files are left out.",
                NUMBER,
                unit="MB",
            ),
            Field(
                "max_megapixels",
                "Largest picture",
                "Pictures with more pixels are left out; decoding them would take much memory.",
                NUMBER,
                unit="megapixels",
            ),
            Field(
                "small_previews",
                "Fetch small previews of large pictures",
                "Discord makes them. They save time and traffic, and are used only where they prove to be as good.",
                TICK,
            ),
        ),
    ),
    Page(
        "Network",
        (
            Field(
                "connections",
                "Downloads at the same time",
                "More is not always faster: servers refuse who asks too often.",
                NUMBER,
                unit="downloads",
            ),
            Field(
                "refresh_links",
                "Refresh dead links",
                "They live for about a day. With the token of a bot of yours, RAS asks Discord for new ones.",
                TICK,
            ),
            Field(
                "allowed_hosts",
                "Other hosts to download from",
                "One in each line, such as example.org or localhost:8000. Without them, only Discord’s own are asked.",
                LINES,
            ),
        ),
    ),
    Page(
        "Places",
        (
            Field(
                "media_folders",
                "Media folders",
                "One in each line. RAS looks there for the pictures of an archive, besides the folder of the archive.",
                FOLDERS,
            ),
            Field(
                "watch_folders",
                "Folders to watch for new exports",
                "One in each line. An export that is new there, and not indexed, is offered to be opened and indexed.",
                FOLDERS,
            ),
            Field(
                "watch_archives",
                "Read archives again by themselves",
                "When a file of the open archive has changed, or a new export lies in its folder. What was indexed "
                "is indexed further. Without this, RAS only offers it.",
                TICK,
            ),
        ),
    ),
    Page(
        "Look",
        (
            Field(
                "theme",
                "Colours",
                "Those of the system are taken when RAS starts.",
                CHOICE,
                (("system", "As the system"), ("dark", "Dark"), ("light", "Light")),
            ),
            Field(
                "dates",
                "Dates and numbers",
                "As this computer’s region writes them, or as year, month, day and with commas between thousands.",
                CHOICE,
                (("system", "As the system writes them"), ("iso", "2021-03-12 and 12,044")),
            ),
            Field(
                "bell_when_done",
                "A sound when long work is done",
                "After more than ten seconds, and only while you work in another window.",
                TICK,
            ),
        ),
    ),
)
OF_THE_MAIN_WINDOW = (
    Field("mode", "Search mode", "", CHOICE, (("auto", "Auto"), *MODES.items())),
    Field("scope", "What is to be found", "", CHOICE, tuple(SCOPES.items())),
    Field("order", "Order of the results", "", CHOICE, (*ORDERS.items(), *BACKWARDS.items())),
    Field("group_postings", "One tile for each picture", "", TICK),
    Field("results_as_list", "Results as a list", "", TICK),
    Field("tile_size", "Size of the results’ pictures", "", NUMBER),
)
"""These have their place in the main window and its menus; a file of settings has them, too."""
FIELDS = {field.name: field for field in (*(field for page in PAGES for field in page.fields), *OF_THE_MAIN_WINDOW)}


def value_of(field: Field, typed: Any) -> Any:
    """What was typed or chosen as the value of the setting. Raises SettingsError with a sentence for people."""
    if field.kind == NUMBER:
        try:
            typed = int(str(typed).replace(",", "").strip())
        except ValueError:
            example = getattr(Settings(), field.name)
            raise SettingsError(f"“{field.label}” takes a whole number, such as {example}.") from None
    elif field.kind == FILE:
        typed = str(typed).strip() or None
        if typed is not None and not Path(typed).is_absolute():
            raise SettingsError(f"“{field.label}”: name the file with all its folders, or choose it.")
    elif field.name == "clip_model" and typed not in WEIGHTS:
        raise SettingsError(f"“{field.label}” can be {', '.join(WEIGHTS)}.")
    elif field.name == "device" and not re.fullmatch(r"auto|cpu|mps|cuda(:\d{1,2})?", str(typed)):
        raise SettingsError(f"“{field.label}” can be auto, cpu, cuda, cuda:1 or mps.")
    elif field.kind in (LINES, FOLDERS):
        typed = tuple(dict.fromkeys(line.strip() for line in str(typed).splitlines() if line.strip()))
        if field.kind == FOLDERS:
            _check_folders(field, typed)
        elif typed:
            _check_hosts(field, typed)
    try:
        one: dict[str, Any] = {field.name: typed}
        Settings(**one)
    except SettingsError as exc:
        raise SettingsError(_named(str(exc), field)) from exc
    return typed


def shown(field: Field, value: Any) -> str:
    """The value as it is typed or told."""
    if value is None:
        return ""
    if isinstance(value, tuple):
        return "\n".join(value)
    if isinstance(value, bool):
        return "yes" if value else "no"
    return dict(field.options).get(value, str(value))


def changes_text(before: Settings, after: dict[str, Any]) -> list[str]:
    """``Results to keep: 30 → 50``, a line for each setting that would change."""
    lines = []
    for name, value in after.items():
        old, field = getattr(before, name), FIELDS[name]
        if old != value:
            told = (clean(shown(field, each).replace("\n", ", "), longest=300) or "none" for each in (old, value))
            lines.append(f"{field.label}: {' → '.join(told)}")
    return lines


def _check_folders(field: Field, folders: Sequence[str]) -> None:
    for folder in folders:
        if not Path(folder).is_absolute():
            raise SettingsError(f"“{field.label}”: name “{clean(folder, longest=100)}” with all the folders it is in.")


def _check_hosts(field: Field, hosts: Sequence[str]) -> None:
    from ras.downloader.addresses import parse_allowed

    try:
        parse_allowed(hosts)
    except SettingsError as exc:
        raise SettingsError(_named(str(exc), field)) from exc


def _named(sentence: str, field: Field) -> str:
    """The sentence with the setting's name as people see it."""
    return sentence.replace(f"The setting “{field.name}”", f"“{field.label}”")
