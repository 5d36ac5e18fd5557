"""Finds archives in the store by what people call them: a number, a name, or the path that they were indexed from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Sequence

from ras.called import NAME
from ras.errors import SettingsError
from ras.kept_store import existing_store
from ras.opening import is_at

if TYPE_CHECKING:
    from ras.records import Archive
    from ras.store import StoredArchive

NONE_YET = f"No archive is indexed yet; {NAME} index ARCHIVE does it."


def find_archive(wanted: str, archives: Sequence[StoredArchive]) -> StoredArchive:
    """The archive of this number, name or path. Raises SettingsError where it is none, or more than one."""
    from ras.text import clean

    numbered = [archive for archive in archives if str(archive.id) == wanted.strip().lstrip("#")]
    # A name is shown without what it may hide, and typed as it is shown.
    named = [archive for archive in archives if clean(archive.name).casefold() == clean(wanted).casefold()]
    found = numbered or named or [archive for archive in archives if is_at(archive, wanted)]
    if not archives:
        raise SettingsError(NONE_YET)
    if not found:
        raise SettingsError(f"No indexed archive is called “{clean(wanted)}”; {NAME} archives lists them.")
    if len(found) > 1:
        numbers = ", ".join(map(str, sorted(archive.id for archive in found)))
        raise SettingsError(
            f"{len(found)} indexed archives are called “{clean(wanted)}”; say which by its number: {numbers}."
        )
    return found[0]


def by_another_encoder(archive: Archive, encoder_id: str) -> str | None:
    """A sentence where the archive is indexed, but nothing of it by this encoder. Raises StoreError."""
    store = existing_store()
    if store is None:
        return None
    with store:
        there = [
            each for each in sorted(store.usage().embeddings) if (store.contents_of(archive.records, each) >= 0).any()
        ]
    if not there or encoder_id in there:
        return None
    return (
        f"This archive is indexed by {' and '.join(there)}, and the search is by {encoder_id}: index it again, "
        "or choose the other encoder with --encoder."
    )
