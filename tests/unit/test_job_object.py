"""Windows's limits of processes: laid out as its headers say, and asked for with whole handles. Without Windows."""

from __future__ import annotations

import ctypes
import io
import sys
from ctypes import wintypes
from typing import Any

import pytest
from PIL import Image

from ras.doctor.decoding import decoding as decoding_check
from ras.images import child, decoders, job_object
from ras.images.decoders import Decoders
from ras.images.job_object import ExtendedLimits, JobObject, end_with_this
from ras.images.messages import Request

HANDLE, OTHER, THIS = 0x7FF6_1234_5678, 0x7FF6_0000_0010, (1 << 64) - 1
"""Longer than 32 bits, as on 64-bit Windows; the last is the one that means the process itself."""


class Kernel:
    """Stands for kernel32, through ctypes: what is not declared, or declared wrongly, does not come through."""

    def __init__(self, refuses: str = "") -> None:
        self.said: list[tuple[Any, ...]] = []
        self._refuses = refuses
        self.CreateJobObjectW = self._function(self._create, wintypes.HANDLE, wintypes.LPVOID, wintypes.LPCWSTR)
        self.SetInformationJobObject = self._function(
            self._set, wintypes.BOOL, wintypes.HANDLE, ctypes.c_int, wintypes.LPVOID, wintypes.DWORD
        )
        self.AssignProcessToJobObject = self._function(self._assign, wintypes.BOOL, wintypes.HANDLE, wintypes.HANDLE)
        self.GetCurrentProcess = self._function(lambda: THIS, wintypes.HANDLE)
        self.CloseHandle = self._function(self._close, wintypes.BOOL, wintypes.HANDLE)

    @staticmethod
    def _function(called: Any, *types: Any) -> Any:
        function = ctypes.CFUNCTYPE(*types)(called)
        function.argtypes, function.restype = None, ctypes.c_int  # as in a library that was just loaded
        return function

    def _create(self, attributes: Any, name: Any) -> int | None:
        self.said.append(("create", attributes, name))
        return None if self._refuses == "create" else HANDLE

    def _set(self, job: int, what: int, limits: int, size: int) -> bool:
        read = ExtendedLimits.from_address(limits)
        flags = read.BasicLimitInformation.LimitFlags
        self.said.append(("set", job, what, size, flags, read.ProcessMemoryLimit))
        return self._refuses != "set"

    def _assign(self, job: int, process: int) -> bool:
        self.said.append(("assign", job, process))
        return self._refuses != "assign"

    def _close(self, handle: int) -> bool:
        self.said.append(("close", handle))
        return True


wide = pytest.mark.skipif(ctypes.sizeof(ctypes.c_void_p) != 8, reason="the sizes are those of 64-bit Windows")


@wide
def test_the_layout_is_the_one_of_the_headers() -> None:
    basic, counters = (kind for _, kind in ExtendedLimits._fields_[:2])
    assert [ctypes.sizeof(kind) for kind in (basic, counters, ExtendedLimits)] == [64, 48, 144]
    assert {name: getattr(basic, name).offset for name, _ in basic._fields_} == {
        "PerProcessUserTimeLimit": 0,
        "PerJobUserTimeLimit": 8,
        "LimitFlags": 16,
        "MinimumWorkingSetSize": 24,
        "MaximumWorkingSetSize": 32,
        "ActiveProcessLimit": 40,
        "Affinity": 48,
        "PriorityClass": 56,
        "SchedulingClass": 60,
    }
    assert [name for name, _ in counters._fields_] == [
        *("ReadOperationCount", "WriteOperationCount", "OtherOperationCount"),
        *("ReadTransferCount", "WriteTransferCount", "OtherTransferCount"),
    ]
    assert {name: getattr(ExtendedLimits, name).offset for name, _ in ExtendedLimits._fields_} == {
        "BasicLimitInformation": 0,
        "IoInfo": 64,
        "ProcessMemoryLimit": 112,
        "JobMemoryLimit": 120,
        "PeakProcessMemoryUsed": 128,
        "PeakJobMemoryUsed": 136,
    }


@wide
def test_what_is_asked_of_windows() -> None:
    kernel = Kernel()
    job = JobObject(kernel)
    job.add(OTHER)
    job.limit_memory(5_000_000_000)
    job.limit_memory(5_000_000_000)
    job.limit_memory(300_000_000)
    job.add_this()
    job.close()
    job.close()
    assert kernel.said == [
        ("create", None, None),
        ("set", HANDLE, 9, 144, 0x2000, 0),
        ("assign", HANDLE, OTHER),
        ("set", HANDLE, 9, 144, 0x2100, 5_000_000_000),
        ("set", HANDLE, 9, 144, 0x2100, 300_000_000),
        ("assign", HANDLE, THIS),
        ("close", HANDLE),
    ]


@pytest.mark.parametrize("refuses", ["create", "set", "assign"])
def test_what_windows_refuses_is_an_error_and_leaves_nothing_open(refuses: str) -> None:
    kernel = Kernel(refuses)
    with pytest.raises(OSError, match="Windows refuses a job object"):
        JobObject(kernel).add(OTHER)
    assert (kernel.said[-1] == ("close", HANDLE)) == (refuses == "set")


@pytest.mark.skipif(sys.platform == "win32", reason="there are some")
def test_elsewhere_there_are_none() -> None:
    with pytest.raises(OSError, match="only Windows"):
        JobObject()
    end_with_this(OTHER)  # is no reason not to decode


@wide
def test_a_decoder_limits_itself_for_each_picture(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel()
    monkeypatch.setattr(job_object, "_kernel32", lambda: kernel)
    monkeypatch.setattr(child, "_job", None)
    monkeypatch.setattr(sys, "platform", "win32")
    assert child._limit_memory(400_000_000)
    assert child._limit_memory(300_000_000)
    assert [said for said in kernel.said if said[0] == "assign"] == [("assign", HANDLE, THIS)]
    assert kernel.said[-1] == ("set", HANDLE, 9, 144, 0x2100, 300_000_000)
    monkeypatch.setattr(job_object, "_kernel32", lambda: Kernel("assign"))
    monkeypatch.setattr(child, "_job", None)
    assert not child._limit_memory(400_000_000)
    assert not child._limit_memory(400_000_000), "and not without being in it"


@wide
def test_all_of_them_end_with_the_program(monkeypatch: pytest.MonkeyPatch) -> None:
    kernel = Kernel()
    monkeypatch.setattr(job_object, "_kernel32", lambda: kernel)
    monkeypatch.setattr(job_object, "_ours", None)
    end_with_this(OTHER)
    end_with_this(OTHER + 4)
    assert [said[0] for said in kernel.said] == ["create", "set", "assign", "assign"]


REFUSED = "from ras.images import child; child._limit = lambda *_, **__: False; child.main()"


def test_where_the_system_refuses_the_doctor_tells(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    file = io.BytesIO()
    Image.effect_noise((40, 30), 50).save(file, "PNG")
    made = Decoders(REFUSED)
    caplog.set_level("INFO", "ras.images.decoders")
    try:
        for _ in range(2):
            assert made.decode(Request(file.getvalue(), None, 10_000, extra_formats=False)).size == (40, 30)
            made.close()
    finally:
        made.close()
    assert made.trouble == ""
    assert [record.message for record in caplog.records if "limit the memory" in record.message] == [
        "The system does not limit the memory of the processes that decode pictures"
    ]
    monkeypatch.setattr(decoders, "Decoders", lambda: Decoders(REFUSED))
    check = decoding_check()
    assert check.state == "warning"
    assert "does not limit their memory" in check.sentence
