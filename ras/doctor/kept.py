"""What RAS keeps: whether its folder can be written, how its store is, the bot token, and the room on the disk."""

from __future__ import annotations

import os
import tempfile

from ras.called import CALL
from ras.doctor.check import OK, WARNING, Check
from ras.health.gather import free_disk
from ras.health.limits import ENOUGH_DISK
from ras.launch import environment_modules
from ras.paths import data_folder, store_folder
from ras.store_files import is_there
from ras.text import count, size

_ELSEWHERE = "Name another data folder in the environment variable RAS_HOME."


def data() -> Check:
    folder, why = data_folder(), _why_not_written()
    if why:
        return Check("Data folder", WARNING, f"{folder} cannot be written ({why}); settings are not kept.", _ELSEWHERE)
    return Check("Data folder", OK, f"{os.path.realpath(folder)} can be written.")


def store() -> Check:
    name, folder = "Store", store_folder()
    if not is_there(folder):
        why = _why_not_written()
        if why:
            sentence = f"No archive is indexed yet, and none can be: {folder} cannot be made ({why})."
            return Check(name, WARNING, sentence, _ELSEWHERE)
        return Check(name, OK, f"No archive is indexed yet; what searches need of one will be kept in {folder}.")
    if environment_modules():
        return Check(name, OK, f"It is in {folder}; what is in it can be told when the set-up has run.")
    from ras.errors import StoreError
    from ras.store import EmbeddingStore

    try:
        with EmbeddingStore(folder) as opened:
            archives, taken = len(opened.archives()), opened.usage().total_bytes
            read_only, notices = opened.read_only, opened.notices
    except StoreError as exc:
        return Check(name, WARNING, str(exc), "Until then searches are done in Real-time, without the store.")
    there = f"{count(archives, 'indexed archive')}, {size(taken)}, in {folder}"
    if read_only:
        sentence = f"{there}, which cannot be written: searches work, nothing more can be indexed."
        return Check(name, WARNING, sentence, "Give yourself the right to write there.")
    if notices:
        return Check(name, WARNING, f"{there}. {' '.join(notices)}", f"Run: {CALL} archives verify")
    return Check(name, OK, f"{there}.")


def _why_not_written() -> str:
    """Why nothing can be written into the data folder, which is made where there is none; empty where it can."""
    try:
        data_folder().mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryFile(dir=str(data_folder())) as file:
            file.write(bytes(4096))  # for a file without anything in it there is room on a full disk, too
            file.flush()
    except OSError as exc:
        return exc.strerror or str(exc)
    return ""


def bot_token() -> Check:
    from ras.bot_token import describe_token
    from ras.errors import RASError

    try:
        return Check("Bot token", OK, describe_token())
    except RASError as exc:
        return Check("Bot token", WARNING, str(exc))


def disk() -> Check:
    folder, free = data_folder(), free_disk()
    if free is None:
        return Check("Free disk", WARNING, f"How much is free at {folder} cannot be told.")
    if free < ENOUGH_DISK:
        remedy = "Make room, or name a folder on another disk in the environment variable RAS_HOME."
        return Check(
            "Free disk", WARNING, f"Only {size(free)} are free at {folder}; CLIP's weights alone take 354 MB.", remedy
        )
    return Check("Free disk", OK, f"{size(free)} are free at {folder}.")
