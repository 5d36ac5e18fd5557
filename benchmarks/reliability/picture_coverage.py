"""Fuzzes decoding with atheris, which follows what of the code a file reaches; libFuzzer's options are its own.

python -m benchmarks.reliability.picture_coverage CORPUS -max_total_time=600 -timeout=20 -rss_limit_mb=1300
"""

from __future__ import annotations

import sys
from pathlib import Path

import atheris

with atheris.instrument_imports(include=["PIL", "ras.images"]):
    from PIL import BmpImagePlugin, GifImagePlugin, JpegImagePlugin, PngImagePlugin, WebPImagePlugin  # noqa: F401

    from ras.errors import DecodeError
    from ras.images import decoding


def decode(data: bytes) -> None:
    try:
        decoding.decode_shrunk(data, at_least=16, extra_formats=True, max_pixels=1_000_000)
    except DecodeError:
        return


def main() -> None:
    from tests.reliability.mutate_pictures import samples

    corpus = Path(sys.argv[1])
    corpus.mkdir(exist_ok=True)
    for name, data in samples().items():
        (corpus / name.replace(" ", "_").replace(":", "")).write_bytes(data)
    atheris.Setup(sys.argv, decode)
    atheris.Fuzz()


if __name__ == "__main__":
    main()
