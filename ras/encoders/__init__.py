"""The encoders, and the choice among them."""

from __future__ import annotations

import importlib.util
import os
from pathlib import Path
from typing import TYPE_CHECKING

from ras.errors import EncoderError, SettingsError, WeightsError
from ras.records import Job, Notice, Progress
from ras.settings import ENCODERS
from ras.text import size

if TYPE_CHECKING:
    from ras.encoders.base import Encoder


def load_encoder(
    choice: str = "auto",
    clip_model: str = "ViT-B/32",
    clip_weights: str | Path | None = None,
    device: str = "auto",
    allow_download: bool = True,
) -> Job[Encoder]:
    """Load the encoder that is asked for; ``auto`` takes CLIP, or the fingerprint with a Notice that says why.

    ``clip_weights`` is a file to use instead of the published weights of ``clip_model``. Without ``allow_download``
    nothing is fetched. Raises EncoderError (WeightsError) where ``clip`` was asked for and cannot be had, and
    SettingsError for a choice that is none.
    """
    if choice not in ENCODERS:
        raise SettingsError(f"There is no encoder “{choice}”; choose {', '.join(ENCODERS)}.")
    if choice != "fingerprint":
        try:
            return (yield from _load_clip(clip_model, clip_weights, device, allow_download))
        except EncoderError as exc:
            if choice == "clip":
                raise
            yield Notice(f"The fingerprint encoder is used, not CLIP. {exc}")
    from ras.encoders.fingerprint import FingerprintEncoder

    return FingerprintEncoder()


def _load_clip(model: str, file: str | Path | None, device: str, allow_download: bool) -> Job[Encoder]:
    from ras.encoders.clip_package import clip_folder, import_torch
    from ras.encoders.weights import download_weights, file_sha256, find_weights, published

    # What is missing is said before anything slow is done: torch takes seconds to load, weights minutes to download.
    weights = published(model)
    clip_folder()
    if importlib.util.find_spec("torch") is None:
        import_torch()
    if file is not None:
        path = Path(os.path.expanduser(file))  # which leaves the “~” of a user that is unknown as it is
        try:
            digest = yield from file_sha256(path)
        except OSError as exc:
            raise WeightsError(f"{path} cannot be used for CLIP: it cannot be read ({exc.strerror or exc}).") from exc
    else:
        found = yield from find_weights(model)
        if found is None and not allow_download:
            raise WeightsError(
                f"The CLIP model {model} ({size(weights.size)}) is not downloaded yet; allow the download to get it, "
                "or name a file with its weights."
            )
        yield Progress("Loading the CLIP model", 0)
        import_torch()
        path = found or (yield from download_weights(model))
        digest = weights.sha256
    from ras.encoders.clip import load_clip

    return (yield from load_clip(path, digest, device))
