"""With this folder on PYTHONPATH a process writes down whom it connects to, looks up and starts: RAS_TEST_RECORD.

Of each process that it starts the environment is written down, too, also where that is its own.
"""

import json
import os
import sys

_EVENTS = ("socket.connect", "socket.getaddrinfo", "socket.gethostbyname", "socket.sendto", "subprocess.Popen")


def _record(event, arguments):
    if event in _EVENTS:
        if event == "subprocess.Popen" and arguments[3] is None:
            arguments = (*arguments[:3], dict(os.environ))
        line = json.dumps([event, *map(str, arguments[1:] if event.startswith("socket.connect") else arguments)])
        # Not open(): that is an event as well, and buffers would be lost with a killed process.
        file = os.open(os.environ["RAS_TEST_RECORD"], os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o600)
        os.write(file, line.encode("utf-8", "backslashreplace") + b"\n")
        os.close(file)


sys.addaudithook(_record)
