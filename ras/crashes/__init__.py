"""Reports of the program's own faults, which can be read and sent by hand: nothing of what people wrote is in them.

Importing the package itself loads nothing: every start watches over itself, and hardly one needs a report.
"""
