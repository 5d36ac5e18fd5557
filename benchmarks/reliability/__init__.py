"""Longer runs of what ``tests/reliability`` tries in small."""
