"""How a command ends, told by its exit code."""

from __future__ import annotations

SUCCESS, NOTHING, USER_ERROR, FAILURE, INTERRUPTED = 0, 1, 2, 3, 130

EXIT_CODES = """\
exit codes:
  0    success
  1    the search found no copy and nothing that looks alike (with --show, none of the kind that was asked for);
       nothing could be indexed; the store was damaged (archives verify)
  2    something in the call is wrong: an option, a file, an archive that cannot be read or is not indexed
  3    failure: the encoder that was asked for cannot be had, the store of what was indexed cannot be opened or
       written (no space, no permission, made by a newer RAS), or a fault in RAS
  130  interrupted
"""
