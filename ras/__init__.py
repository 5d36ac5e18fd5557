"""Reverse Archive Search: where in a Discord archive was this picture posted, by whom, when?"""

__version__ = "0.1.0"
