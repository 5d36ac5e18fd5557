"""The search engine: picks the strategy for a mode and walks the fallback chain. ``build_engine`` wires the parts."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Mapping

from ras.errors import EncoderError, ModeError, RASError
from ras.records import Archive, Job, Notice, Query, SearchReport
from ras.settings import MODES
from ras.text import count, duration

if TYPE_CHECKING:
    from ras.encoders.base import Encoder
    from ras.settings import Settings
    from ras.strategies.base import SearchStrategy

CHAIN = tuple(MODES)


@dataclass(frozen=True)
class ModeState:
    """What a mode can do for an archive, here and now."""

    mode: str
    label: str
    available: bool
    text: str
    """How long it will take (``about 40 s for 3,561 pictures``), or why it cannot be used."""


class SearchEngine:
    """Searches an archive for a picture, by the mode that is asked for or the next one that can."""

    def __init__(self, encoder: Encoder, strategies: Mapping[str, SearchStrategy]) -> None:
        self.encoder = encoder
        self.strategies = dict(strategies)

    def search(self, query: Query, archive: Archive, mode: str = "auto", top_k: int = 30) -> Job[SearchReport]:
        """Search by ``mode``, or where it cannot, by the next of the chain FAISS → Cached → Real-time.

        Each step down that the user did not ask for is a Notice; ``auto`` starts at the top and takes the first that is
        ready. Raises ModeError when no mode is left, and what the last one raises.
        """
        if mode != "auto" and mode not in MODES:
            raise ModeError(f"There is no search mode “{mode}”; choose auto, {', '.join(MODES)}.")
        chain = CHAIN if mode == "auto" else CHAIN[CHAIN.index(mode) :]
        for name in chain:
            reason = self._unavailable(name, archive)
            unexpected = mode != "auto"
            if reason is None:
                try:
                    return (yield from self.strategies[name].search(query, archive, top_k))
                except EncoderError:
                    raise  # every mode needs the encoder
                except RASError as exc:
                    reason, unexpected = str(exc), True
            trouble = f"{MODES[name]} search cannot be used: {reason}"
            if unexpected and name != chain[-1]:
                yield Notice(f"{trouble} The next mode is tried instead.")
        raise ModeError(trouble)

    def has_cache(self, archive: Archive) -> bool:
        """Whether Cached can answer for this archive now."""
        return self._unavailable("cached", archive) is None

    def mode_states(self, archive: Archive) -> tuple[ModeState, ...]:
        """What each mode, ``auto`` first, can do for this archive."""
        states = [self._state(name, archive) for name in CHAIN]
        ready = next((state for state in states if state.available), None)
        text = f"{ready.label}, {ready.text}" if ready else "No mode can search this archive."
        return (ModeState("auto", "Auto", ready is not None, text), *states)

    def _state(self, name: str, archive: Archive) -> ModeState:
        reason = self._unavailable(name, archive)
        if reason is not None:
            return ModeState(name, MODES[name], False, reason)
        seconds = self.strategies[name].estimate(archive)
        pictures = count(len(archive.records), "picture")
        text = pictures if seconds is None else f"about {duration(seconds)} for {pictures}"
        return ModeState(name, MODES[name], True, text.replace("about under", "under"))

    def _unavailable(self, name: str, archive: Archive) -> str | None:
        if name not in self.strategies:
            return "it is not part of this version yet."
        return self.strategies[name].unavailable(archive)


def build_engine(settings: Settings, allow_download: bool = True) -> Job[SearchEngine]:
    """Load the encoder that the settings name (the slow part: seconds, or the download of its weights) and wire all.

    Raises EncoderError where the settings insist on an encoder that cannot be had; ``auto`` falls back with a Notice.
    """
    from ras.downloader import Downloader
    from ras.encoders import load_encoder
    from ras.strategies.realtime import RealTimeSearchStrategy

    encoder = yield from load_encoder(
        settings.encoder, settings.clip_model, settings.clip_weights, settings.device, allow_download
    )
    realtime = RealTimeSearchStrategy(
        encoder,
        lambda: Downloader(settings),
        connections=settings.connections,
        max_pixels=settings.max_megapixels * 1_000_000,
        extra_formats=settings.extra_formats,
    )
    return SearchEngine(encoder, {realtime.mode: realtime})
