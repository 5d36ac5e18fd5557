"""The settings of a call: the saved ones, and over them what the command line says."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ras.settings import Settings


def settings_of(options: argparse.Namespace) -> Settings:
    """Raises SettingsError."""
    from ras.settings import load_settings

    settings = load_settings()
    chosen: dict[str, Any] = {
        "mode": getattr(options, "mode", None),
        "top_k": getattr(options, "top_k", None),
        "scope": getattr(options, "show", None),
        "encoder": options.encoder,
        "clip_model": options.clip_model,
        "clip_weights": options.clip_weights,
        "device": options.device,
        "extra_formats": options.all_formats or None,
        "media_folders": settings.media_folders + tuple(options.media) if options.media else None,
        "allowed_hosts": settings.allowed_hosts + tuple(options.allow_host) if options.allow_host else None,
    }
    return dataclasses.replace(settings, **{name: value for name, value in chosen.items() if value is not None})
