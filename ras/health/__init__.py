"""How RAS is: what it keeps and whether that is sound, what was set aside, and how to set it right."""

from ras.health.facts import Health, SetAside, StoreFacts
from ras.health.gather import gather

__all__ = ["Health", "SetAside", "StoreFacts", "gather"]
