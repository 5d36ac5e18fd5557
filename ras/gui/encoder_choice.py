"""Which encoder searches use: builds the engine behind the window, fetches CLIP's weights, and says what goes on."""

from __future__ import annotations

import dataclasses
import importlib.util
from pathlib import Path
from typing import TYPE_CHECKING, Callable

from ras.errors import EncoderError, WeightsError
from ras.records import Job, Notice, Progress
from ras.text import size

if TYPE_CHECKING:
    from ras.gui.bench import Bench, EngineFacts
    from ras.gui.notices import NoticeBar
    from ras.gui.pump import Pump
    from ras.settings import Settings
    from ras.worker import Ticket, Worker

MENU_HINT = "Model ▸ Download the CLIP model tries again."


class EncoderChoice:
    """Engine builds run on the search worker, in order with searches; the download runs beside them on its own."""

    def __init__(
        self,
        pump: Pump,
        bench: Bench,
        search_worker: Worker,
        download_worker: Worker,
        *,
        settings: Callable[[], Settings],
        change: Callable[..., None],
        built: Callable[[EngineFacts], None],
        loading: Callable[[Progress | None], None],
        downloading: Callable[[Progress | None], None],
        notices: NoticeBar,
        failed: Callable[[BaseException], None],
    ) -> None:
        self._pump, self._bench = pump, bench
        self._search_worker, self._download_worker = search_worker, download_worker
        self._settings, self._change = settings, change
        self._built, self._loading, self._downloading = built, loading, downloading
        self._notices, self._failed = notices, failed
        self._build: Ticket | None = None
        self._then: list[Callable[[], None]] = []
        """To be called when the engine is built."""
        self._download: Ticket | None = None
        self._offer = ""
        """The notice whose button begins the download."""
        self.facts: EngineFacts | None = None

    @property
    def downloading(self) -> bool:
        return self._download is not None

    def build(self, after_download: bool = False, then: Callable[[], None] | None = None) -> None:
        """Build the engine as the settings say, behind the window; ``then`` is called with the new one in use."""
        if then is not None:
            self._then.append(then)
        if self._build is not None:
            self._build.cancel()
        settings = self._settings()

        def event(event: object) -> None:
            if isinstance(event, Notice):
                self._notices.say(event.text)
            elif isinstance(event, Progress):
                self._loading(event)

        def done(found: tuple[EngineFacts, str]) -> None:
            self._build = None
            self.facts, missing = found
            self._loading(None)
            self._built(self.facts)
            waiting, self._then = self._then, []
            for call in waiting:
                call()
            if missing and (settings.encoder == "clip" or self._settings().download_clip):
                self.download()
            elif missing:
                self._offer_download(missing)
            if after_download and not self.facts.encoder_id.startswith("fingerprint"):
                self._notices.say(f"{self.facts.encoder_name} is ready: from now on searches use it.")

        def failed(error: BaseException) -> None:
            self._build, self._then = None, []
            self._loading(None)
            self._failed(error)

        self._build = self._pump.start(
            self._search_worker, lambda: _build(self._bench, settings), event=event, done=done, failed=failed
        )

    def choose(self, encoder: str) -> None:
        self._change(encoder=encoder)
        self.build()

    def use_weights(self, path: str) -> None:
        self._change(encoder="clip", clip_weights=path)
        self.build()

    def download(self) -> None:
        """Fetch CLIP's weights beside everything else; then searches use CLIP."""
        if self._download is not None:
            return
        self._notices.withdraw(self._offer)
        if not self._settings().download_clip:
            self._change(download_clip=True)
        model = self._settings().clip_model

        def event(event: object) -> None:
            if isinstance(event, Progress):
                self._downloading(event)
            elif isinstance(event, Notice):
                self._notices.say(event.text)

        def done(_path: object) -> None:
            self._download = None
            self._downloading(None)
            self.build(after_download=True)

        def failed(error: BaseException) -> None:
            self._download = None
            self._downloading(None)
            if isinstance(error, WeightsError):
                self._offer_download(f"{error.what} Searches use the fingerprint; {MENU_HINT}", "Try again")
            else:
                self._failed(error)

        self._downloading(Progress("Downloading the CLIP model", 0, None, "bytes"))
        self._download = self._pump.start(
            self._download_worker, lambda: _fetch_weights(model), event=event, done=done, failed=failed
        )

    def stop_download(self) -> None:
        """The user does not want it: also not at the next start."""
        if self._download is not None:
            self._download.cancel()
            self._download = None
            self._downloading(None)
            self._change(download_clip=False)
            self._offer_download(
                f"The download of the CLIP model was stopped; searches use the fingerprint. {MENU_HINT}"
            )

    def _offer_download(self, sentence: str, label: str = "Download") -> None:
        self._notices.withdraw(self._offer)
        self._offer = sentence
        self._notices.say(sentence, offer=(label, self.download))


def _build(bench: Bench, settings: Settings) -> Job[tuple[EngineFacts, str]]:
    """The engine; and a sentence where it lacks CLIP for the only reason that the weights were not downloaded yet."""
    missing = yield from _only_weights_missing(settings)
    if missing:
        settings = dataclasses.replace(settings, encoder="fingerprint")  # until they are here
    return (yield from bench.build(settings)), missing


def _only_weights_missing(settings: Settings) -> Job[str]:
    from ras.encoders.clip_package import clip_folder
    from ras.encoders.weights import find_weights, published

    if settings.encoder == "fingerprint" or settings.clip_weights is not None:
        return ""
    model = settings.clip_model
    try:
        weights = published(model)
        clip_folder()
        if importlib.util.find_spec("torch") is None or (yield from find_weights(model)) is not None:
            return ""
    except EncoderError:  # building will say it, in full
        return ""
    return f"Searches use the fingerprint, since the CLIP model {model} ({size(weights.size)}) is not downloaded yet."


def _fetch_weights(model: str) -> Job[Path]:
    from ras.encoders.weights import download_weights

    return (yield from download_weights(model))
