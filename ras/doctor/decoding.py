"""Whether pictures can be decoded in processes of their own."""

from __future__ import annotations

import importlib.util

from ras.doctor.check import OK, PROBLEM, SETUP, WARNING, Check


def decoding() -> Check:
    name = "Decoding"
    if importlib.util.find_spec("PIL") is None or importlib.util.find_spec("numpy") is None:
        return Check(name, WARNING, "Pillow is not installed, which decodes pictures.", SETUP)
    try:
        from ras.images.decoders import Decoders
    except ImportError as exc:
        return Check(name, PROBLEM, f"Pillow or numpy, which pictures are decoded with, do not load ({exc}).", SETUP)

    decoders = Decoders()
    trouble = decoders.try_out()
    decoders.close()
    if trouble:
        sentence = f"No process of its own can be had ({trouble}): a picture that crashes a decoder ends RAS."
        return Check(name, WARNING, sentence, "Searching works; see whether a security program stops RAS from it.")
    if decoders.unlimited:
        return Check(
            name,
            WARNING,
            "In processes of its own, but this system does not limit their memory: a picture made for that can take "
            "all there is.",
            "Searching works; be wary of archives that strangers made.",
        )
    return Check(name, OK, "In processes of its own: a picture that crashes or stalls a decoder is left out.")
