"""Job objects: how Windows limits a process's memory, and ends processes together with the one that started them."""

from __future__ import annotations

import ctypes
import logging
import sys
import threading
from ctypes import wintypes
from typing import Any

log = logging.getLogger(__name__)

# The names are those of winnt.h and jobapi2.h.
_EXTENDED_LIMIT_INFORMATION = 9
_LIMIT_PROCESS_MEMORY = 0x100
_LIMIT_KILL_ON_JOB_CLOSE = 0x2000


class _BasicLimits(ctypes.Structure):
    """JOBOBJECT_BASIC_LIMIT_INFORMATION."""

    _fields_ = (
        ("PerProcessUserTimeLimit", ctypes.c_int64),
        ("PerJobUserTimeLimit", ctypes.c_int64),
        ("LimitFlags", ctypes.c_uint32),
        ("MinimumWorkingSetSize", ctypes.c_size_t),
        ("MaximumWorkingSetSize", ctypes.c_size_t),
        ("ActiveProcessLimit", ctypes.c_uint32),
        ("Affinity", ctypes.c_size_t),
        ("PriorityClass", ctypes.c_uint32),
        ("SchedulingClass", ctypes.c_uint32),
    )


class _Counters(ctypes.Structure):
    """IO_COUNTERS."""

    _fields_ = tuple(
        (f"{what}{unit}Count", ctypes.c_uint64)
        for unit in ("Operation", "Transfer")
        for what in ("Read", "Write", "Other")
    )


class ExtendedLimits(ctypes.Structure):
    """JOBOBJECT_EXTENDED_LIMIT_INFORMATION."""

    _fields_ = (
        ("BasicLimitInformation", _BasicLimits),
        ("IoInfo", _Counters),
        ("ProcessMemoryLimit", ctypes.c_size_t),
        ("JobMemoryLimit", ctypes.c_size_t),
        ("PeakProcessMemoryUsed", ctypes.c_size_t),
        ("PeakJobMemoryUsed", ctypes.c_size_t),
    )


class JobObject:
    """Its processes end when it is closed, as it is at the latest with the process that made it. Raises OSError."""

    def __init__(self, kernel: Any = None) -> None:
        """``kernel``: kernel32, or what stands for it."""
        self._kernel = kernel or _kernel32()
        _declare(self._kernel)
        self._limits = ExtendedLimits()
        self._limits.BasicLimitInformation.LimitFlags = _LIMIT_KILL_ON_JOB_CLOSE
        self._handle: int | None = self._kernel.CreateJobObjectW(None, None)
        if not self._handle:
            raise self._error()
        try:
            self._set()
        except OSError:
            self.close()
            raise

    def add(self, process: int) -> None:
        """``process``: a handle of one. What it starts from then on is in the job, too."""
        if not self._kernel.AssignProcessToJobObject(self._handle, process):
            raise self._error()

    def add_this(self) -> None:
        """This very process; closing the job then ends it."""
        self.add(self._kernel.GetCurrentProcess())

    def limit_memory(self, amount: int) -> None:
        """Bytes that each of its processes may have; more than it has already are refused it from now on."""
        if amount == self._limits.ProcessMemoryLimit:
            return
        self._limits.BasicLimitInformation.LimitFlags |= _LIMIT_PROCESS_MEMORY
        self._limits.ProcessMemoryLimit = amount
        self._set()

    def close(self) -> None:
        if self._handle:
            self._kernel.CloseHandle(self._handle)
            self._handle = None

    def _set(self) -> None:
        size = ctypes.sizeof(self._limits)
        limits = ctypes.byref(self._limits)
        if not self._kernel.SetInformationJobObject(self._handle, _EXTENDED_LIMIT_INFORMATION, limits, size):
            raise self._error()

    def _error(self) -> OSError:
        return OSError(None, f"Windows refuses a job object (error {_last_error()})")


_ours: JobObject | None = None
_tried = threading.Lock()


def end_with_this(process: int) -> None:
    """Have a process (a handle) ended when this one ends, even where this one is killed; as far as Windows lets us."""
    global _ours
    with _tried:
        try:
            if _ours is None:
                _ours = JobObject()
            _ours.add(process)
        except OSError as exc:
            log.info("A process that decodes pictures may outlive the program: %s", exc.strerror)


def _kernel32() -> Any:
    if sys.platform != "win32":
        raise OSError(None, "only Windows has job objects")
    return ctypes.WinDLL("kernel32", use_last_error=True)  # one of our own: types are declared on it


def _last_error() -> int:
    said: int = getattr(ctypes, "get_last_error", lambda: 0)()  # which only Windows has
    return said


def _declare(kernel: Any) -> None:
    """Handles and addresses have 64 bits; undeclared, ctypes would cut them to 32."""
    handle, boolean, number, address = wintypes.HANDLE, wintypes.BOOL, wintypes.DWORD, wintypes.LPVOID
    for name, result, arguments in (
        ("CreateJobObjectW", handle, (address, wintypes.LPCWSTR)),
        ("SetInformationJobObject", boolean, (handle, ctypes.c_int, address, number)),
        ("AssignProcessToJobObject", boolean, (handle, handle)),
        ("GetCurrentProcess", handle, ()),
        ("CloseHandle", boolean, (handle,)),
    ):
        function = getattr(kernel, name)
        function.restype, function.argtypes = result, arguments
