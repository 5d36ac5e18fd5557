"""Makes previews anew that were damaged, of pictures that can still be had; nothing is encoded for them."""

from __future__ import annotations

import contextlib
import dataclasses
from typing import TYPE_CHECKING, Callable, Generator, Sequence

from ras.errors import SkipReason
from ras.images import Shrunk, make_preview, preview_pixels
from ras.indexing.commits import COMMIT_PICTURES
from ras.indexing.details import Anything, easiest
from ras.indexing.outcomes import Described, Embedded
from ras.matching.extractor import FeatureExtractor
from ras.media import seems_local
from ras.records import ImageRecord, Job, Notice, Progress, Skipped

if TYPE_CHECKING:
    from PIL.Image import Image

    from ras.encoders.base import Encoder, Picture
    from ras.store import EmbeddingStore

STAGE = "Indexing previews"


def add_previews(
    records: Sequence[ImageRecord],
    store: EmbeddingStore,
    encoder: Encoder,
    extractor: FeatureExtractor | None,
    embed: Callable[..., Generator[Embedded | Described | Skipped | Progress | Notice, None, None]],
) -> Job[None]:
    """Make the previews that the records lack, the same as indexing with ``extractor`` made them at first.

    ``embed`` is ``embed_images`` that wants nothing but records, ``known``, a stage and the extractor. A picture that
    cannot be had stays indexed, without a preview, and is tried again by the next indexing. Raises StoreError.
    """
    lacking = store.lacking_previews(records, encoder.id, again=True)
    if not lacking.any():
        return
    wanted = easiest(records, lacking, store.contents_of(records, encoder.id))
    hashes = store.content_hashes([content for _, content in wanted])
    hash_of = {record.key: hashes.get(content, "") for record, content in wanted}
    made: dict[str, bytes] = {}
    try:
        with contextlib.closing(
            embed([record for record, _ in wanted], known=Anything(), extractor=_PreviewMaker(extractor), stage=STAGE)
        ) as events:
            for event in events:
                if isinstance(event, Described):
                    record = wanted[event.index][0]
                    shows_it = event.content_hash == hash_of[record.key] or _never_changes(record)
                    made[hash_of[record.key]] = event.features if shows_it else b""
                elif isinstance(event, Skipped):
                    if event.reason is not SkipReason.NETWORK:
                        made[hash_of[event.record.key]] = b""
                elif isinstance(event, Progress):
                    yield dataclasses.replace(event, failed=0)  # none has: the picture is indexed
                elif isinstance(event, Notice):
                    yield event
                if len(made) >= COMMIT_PICTURES:
                    some, made = made, {}
                    _keep(store, some)
    finally:  # also where it is stopped
        _keep(store, made)


def _keep(store: EmbeddingStore, made: dict[str, bytes]) -> None:
    store.add_previews({content_hash: data for content_hash, data in made.items() if content_hash})


def _never_changes(record: ImageRecord) -> bool:
    """Whether what is fetched shows the same picture for good: other bytes are another size of the attachment."""
    return record.attachment_id is not None and not seems_local(record)


class _PreviewMaker(FeatureExtractor):
    """Previews in the place of features: made of the pixels that ``extractor`` had decoded."""

    id = "preview"

    def __init__(self, extractor: FeatureExtractor | None) -> None:
        self.decode_side = 0 if extractor is None else extractor.decode_side

    def reduced(self, picture: Picture) -> Image:
        assert isinstance(picture, Shrunk)  # the pipeline decodes nothing else
        return preview_pixels(picture)

    def extract(self, image: Image) -> bytes:
        return make_preview(image)
