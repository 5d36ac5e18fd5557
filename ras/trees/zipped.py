"""A zip as a tree of files. Nothing is unpacked to the disk: its files are read as streams."""

from __future__ import annotations

import contextlib
import io
import os
import posixpath
import struct
import threading
import time
import zipfile
import zlib
from typing import Any, BinaryIO, Dict, Iterator, Tuple

ZIP_MAGICS = (b"PK\x03\x04", b"PK\x05\x06")

_MOST_FILES = 2_000_000
_MOST_GROWTH = 400
"""How many times its size a zip may hold. JSON packs to a tenth or a twentieth, a bomb to a thousandth."""
_ALWAYS_FINE = 1_000_000_000
"""So many bytes are read whatever they were packed to: a flat export of one word may be packed well."""

_ENCRYPTED = 0x1

_Folder = Tuple[Dict[str, zipfile.ZipInfo], Dict[str, None]]


class ZipTree:
    """See ``Tree``. Names that lead out, and links, are left out. Raises OSError where it is no zip that can be read.

    A zip that holds much more than it could in earnest is a bomb, and refused whole, before anything is read of it.
    """

    def __init__(self, path: str) -> None:
        self.root = os.path.abspath(path)
        self._lock = threading.Lock()
        with _translated():
            self._zip = zipfile.ZipFile(self.root)
        try:
            self._folders = _tree_of(self._zip.infolist(), os.path.getsize(self.root))
        except BaseException:
            self._zip.close()
            raise

    def files(self, folder: str = "") -> tuple[str, ...]:
        return tuple(self._folders[folder][0]) if folder in self._folders else ()

    def folders(self, folder: str = "") -> tuple[str, ...]:
        return tuple(self._folders[folder][1]) if folder in self._folders else ()

    def open(self, name: str) -> BinaryIO:
        info = self._info(name)
        if info.flag_bits & _ENCRYPTED:
            raise OSError(None, "it is protected by a password; unpack the zip and open the folder")
        with self._lock, _translated():
            return io.BufferedReader(_Member(self._zip.open(info)), 64 * 1024)

    def size(self, name: str) -> int:
        return self._info(name).file_size

    def modified(self, name: str) -> float:
        try:
            return time.mktime((*self._info(name).date_time, 0, 0, -1))
        except (OverflowError, ValueError):
            return os.path.getmtime(self.root)

    def close(self) -> None:
        self._zip.close()

    def _info(self, name: str) -> zipfile.ZipInfo:
        folder, _, last = name.rpartition("/")
        try:
            return self._folders[folder][0][last]
        except KeyError:
            raise FileNotFoundError(2, "it is not in the zip") from None


class _Member(io.RawIOBase):
    """A file of a zip; what zipfile and zlib raise becomes OSError."""

    def __init__(self, member: Any) -> None:
        self._member = member

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        with _translated():
            data = self._member.read(len(buffer))
        buffer[: len(data)] = data
        return len(data)

    def close(self) -> None:
        self._member.close()
        super().close()


def _tree_of(infos: list[zipfile.ZipInfo], packed: int) -> dict[str, _Folder]:
    if len(infos) > _MOST_FILES:
        raise OSError(None, f"it holds more than {_MOST_FILES:,} files")
    whole = sum(info.file_size for info in infos)
    if whole > max(_ALWAYS_FINE, _MOST_GROWTH * packed):
        raise OSError(None, "it would unpack to far more than such a zip can hold in earnest (a “zip bomb”)")
    folders: dict[str, _Folder] = {"": ({}, {})}
    for info in infos:
        name = info.filename.replace("\\", "/")
        parts = [part for part in name.split("/") if part not in ("", ".")]
        is_link = (info.external_attr >> 28) == 0xA
        if not parts or ".." in parts or name.startswith("/") or is_link or info.is_dir():
            continue
        folder = posixpath.join(*parts[:-1]) if len(parts) > 1 else ""
        _add_folder(folders, folder)
        folders[folder][0].setdefault(parts[-1], info)
    return folders


def _add_folder(folders: dict[str, _Folder], folder: str) -> None:
    while folder not in folders:
        folders[folder] = ({}, {})
        parent, _, last = folder.rpartition("/")
        _add_folder(folders, parent)
        folders[parent][1][last] = None
        folder = parent


@contextlib.contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except (zipfile.BadZipFile, zlib.error, EOFError, struct.error) as exc:
        raise OSError(None, f"the zip is damaged ({exc})") from exc
    except NotImplementedError as exc:  # e.g. Deflate64, which the Explorer of Windows writes for large files
        raise OSError(None, "it is packed in a way that RAS cannot read; unpack the zip and open the folder") from exc
    except (RuntimeError, ValueError) as exc:
        raise OSError(None, f"the zip cannot be read ({exc})") from exc
