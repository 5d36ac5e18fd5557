"""What the command ``token`` takes. Standard library only, as ``parser``."""

from __future__ import annotations

import argparse
from typing import Any

from ras.called import NAME
from ras.cli.codes import EXIT_CODES

TOKEN = """\
Links to Discord's pictures expire within a day. With the token of a bot of your own, which is made under
https://discord.com/developers/applications, RAS has Discord refresh them.

  set      asks for the token without showing it, or reads it from standard input; keeps it in the system keyring
  forget   removes it from there
  status   says whether there is one, never which

Where there is no system keyring, put the token into the environment variable RAS_DISCORD_BOT_TOKEN.
Tokens of persons are not taken: Discord forbids their use by programs.
"""

TOKEN_ACTIONS = ("set", "forget", "status")


def add_token(commands: Any) -> None:
    token = commands.add_parser(
        "token",
        help="set or forget the bot token that refreshes expired links",
        usage=f"{NAME} token [set|forget|status]",
        description=TOKEN,
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    # No choices: argparse would quote what it does not know, which may be a token.
    token.add_argument("action", nargs="?", default="status", metavar="ACTION", help="set, forget or status (default)")
