"""The launcher's own commands, for the help of the command line."""

from __future__ import annotations

COMMANDS = {
    "setup": "make or repair the private environment now (--reset makes it anew)",
    "test": "run the test suite in that environment; what follows goes to pytest",
}
