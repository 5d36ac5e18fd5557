from ras.cli import run

run()
