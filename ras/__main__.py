import sys

try:
    from ras.cli import run

    run()
except KeyboardInterrupt:  # in the moment that importing takes
    sys.exit(130)
