"""The settings of a call: the saved ones, and over them what the command line says."""

from __future__ import annotations

import argparse
import dataclasses
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ras.settings import Settings


def settings_of(options: argparse.Namespace) -> Settings:
    """Over ``options.saved``, if the saved ones were read already. Raises SettingsError."""
    from ras.settings import load_settings

    settings: Settings = getattr(options, "saved", None) or load_settings()
    chosen: dict[str, Any] = {
        "mode": getattr(options, "mode", None),
        "top_k": getattr(options, "top_k", None),
        "scope": getattr(options, "show", None),
        "encoder": getattr(options, "encoder", None),
        "clip_model": getattr(options, "clip_model", None),
        "clip_weights": getattr(options, "clip_weights", None),
        "device": getattr(options, "device", None),
        "extra_formats": getattr(options, "all_formats", False) or None,
        "picture_links": False if options.no_links else True if "links" in options.also else None,
        "stickers": "stickers" in options.also or None,
        "emoji": "emoji" in options.also or None,
        "avatars": "avatars" in options.also or None,
        "media_folders": settings.media_folders + tuple(options.media) if options.media else None,
        "allowed_hosts": settings.allowed_hosts + tuple(options.allow_host) if options.allow_host else None,
    }
    return dataclasses.replace(settings, **{name: value for name, value in chosen.items() if value is not None})
