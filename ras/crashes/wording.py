"""What an exception says, as far as it is the program that says it and not what somebody wrote.

An exception may carry anything: the text of a message, a name, a link. So nothing of it is kept but the words that
stand in the program's own source, in the statement that raised it, or in one of Python's own sentences. What was filled
in between them is left out, but for small numbers, types and names that the line of code itself has.
"""

from __future__ import annotations

import ast
import builtins
import os
import re
import traceback
from typing import Iterator, Sequence

from ras.crashes.places import ELSEWHERE, line_of, place_of, source_of

LEFT_OUT = "…"
_LONGEST = 2000
_NUMBER = re.compile(r"-?\d{1,7}(?:\.\d{1,6})?|0x[0-9a-f]{1,2}")
_WORD = re.compile(r"[A-Za-z_]\w*")
_TYPES = frozenset(
    {name for name, value in vars(builtins).items() if isinstance(value, type)}
    | {"NoneType", "function", "method", "module", "generator", "builtin_function_or_method", "ascii", "utf", "charmap"}
)
_MARKS = "'\"`()[].,:+-*/%<>=&|^ "

_OF_PYTHON = tuple(
    tuple(sentence.split("{}"))
    for sentence in (
        "{} object has no attribute {}",
        "module {} has no attribute {}",
        "list index out of range",
        "tuple index out of range",
        "string index out of range",
        "list assignment index out of range",
        "pop from empty list",
        "pop from an empty deque",
        "division by zero",
        "integer division or modulo by zero",
        "integer modulo by zero",
        "float division by zero",
        "math domain error",
        "name {} is not defined",
        "cannot access local variable {} where it is not associated with a value",
        "local variable {} referenced before assignment",
        "cannot unpack non-iterable {} object",
        "not enough values to unpack (expected {}, got {})",
        "too many values to unpack (expected {})",
        "unsupported operand type(s) for {}: {} and {}",
        "{} not supported between instances of {} and {}",
        "{} object is not subscriptable",
        "{} object is not callable",
        "{} object is not iterable",
        "{} object does not support item assignment",
        "object of type {} has no len()",
        "argument of type {} is not iterable",
        "invalid literal for int() with base {}: {}",
        "could not convert string to float: {}",
        "maximum recursion depth exceeded",
        "maximum recursion depth exceeded while calling a Python object",
        "maximum recursion depth exceeded in comparison",
        "dictionary changed size during iteration",
        "{}() missing {} required positional argument: {}",
        "{}() missing {} required positional arguments: {}",
        "{}() missing {} required keyword-only argument: {}",
        "{}() got an unexpected keyword argument {}",
        "{}() takes {} positional arguments but {} were given",
        "{} codec can't decode byte {} in position {}: {}",
        "{} codec can't encode character {} in position {}: {}",
        "No module named {}",
        "cannot import name {} from {}",
        "a bytes-like object is required, not {}",
        "expected str, bytes or os.PathLike object, not {}",
        "invalid command name {}",
        "main thread is not in main loop",
        "bad window path name {}",
        "can only concatenate str (not {}) to str",
        "generator already executing",
        "can't start new thread",
        "SQLite objects created in a thread can only be used in that same thread. {}",
    )
)
"""The sentences of Python, Tk and SQLite that faults of a program come with, each cut where something is filled in."""


def said_by(error: BaseException) -> str:
    """What of the error's text may be told; empty where it says nothing."""
    try:
        if isinstance(error, OSError) and isinstance(error.errno, int):
            return f"[Errno {error.errno}] {os.strerror(error.errno)}"  # without the file’s name
        text = str(error)[:_LONGEST]
    except Exception:  # noqa: BLE001  whatever it is, the report is about something else
        return LEFT_OUT
    if not text:
        return ""
    frames = traceback.extract_tb(error.__traceback__)
    frame = frames[-1] if frames else None
    inside = frame is not None and place_of(frame.filename) != ELSEWHERE
    known = set(_WORD.findall(line_of(frame.filename, frame.lineno or 0))) if frame is not None and inside else set()
    for parts in (*_raised_with(frame), *_OF_PYTHON):
        values = _filled_in(parts, text)
        if values is not None:
            told = [value if _is_plain(value, known) else LEFT_OUT for value in values]
            return "".join(part + value for part, value in zip(parts, [*told, ""]))
    return LEFT_OUT


def _raised_with(frame: traceback.FrameSummary | None) -> Iterator[Sequence[str]]:
    """The texts in the statement that raised, each cut where a value is filled in."""
    if frame is None or place_of(frame.filename) == ELSEWHERE:
        return
    try:
        tree = ast.parse("".join(source_of(frame.filename)))
    except (SyntaxError, ValueError, RecursionError):
        return
    for node in ast.walk(tree):
        if not isinstance(node, ast.Raise) or not node.lineno <= (frame.lineno or 0) <= (node.end_lineno or 0):
            continue
        for call in ast.walk(node):
            for argument in call.args if isinstance(call, ast.Call) else ():
                if isinstance(argument, ast.Constant) and isinstance(argument.value, str):
                    yield (argument.value,)
                elif isinstance(argument, ast.JoinedStr):
                    yield _cut(argument)


def _cut(text: ast.JoinedStr) -> Sequence[str]:
    parts = [""]
    for value in text.values:
        if isinstance(value, ast.Constant):
            parts[-1] += str(value.value)
        else:
            parts.append("")
    return parts


def _filled_in(parts: Sequence[str], text: str) -> list[str] | None:
    """The values between the parts, where the text is made of them; each part is looked for once."""
    if not any(re.search(r"\w", part) for part in parts):  # it says nothing, and would take anything for a value
        return None
    if not text.startswith(parts[0]):
        return None
    if len(parts) == 1:
        return [] if text == parts[0] else None
    at, values = len(parts[0]), []
    for part in parts[1:-1]:
        end = text.find(part, at)
        if end < 0:
            return None
        values.append(text[at:end])
        at = end + len(part)
    end = len(text) - len(parts[-1])
    if end < at or not text.endswith(parts[-1]):
        return None
    return [*values, text[at:end]]


def _is_plain(value: str, known: set[str]) -> bool:
    """Whether a value is a small number, an operator, or made of names of types and of the line of code."""
    if len(value) > 80:
        return False
    if _NUMBER.fullmatch(value.strip("'\" ")):
        return True
    words = _WORD.findall(value)
    rest = _WORD.sub("", value)
    return all(word in known or word in _TYPES for word in words) and all(mark in _MARKS for mark in rest)
