"""Pictures are decoded in other processes: what those crash, stall, hide or make up stays with the picture."""

from __future__ import annotations

import io
import os
import subprocess
import sys
import threading
import time
from pathlib import Path
from typing import Callable, Iterator

import numpy as np
import pytest
from PIL import Image

from ras.doctor.decoding import decoding as decoding_check
from ras.errors import DecodeError, SkipReason
from ras.images import child, decoders, decoding, messages
from ras.images.decoder_process import PROGRAM
from ras.images.decoders import Decoders
from ras.images.messages import Request
from tests.reliability.broken_decoder import HONEST, MARKED, answering

ROOT = Path(__file__).parents[2]


def png(width: int = 40, height: int = 30, mark: bytes = b"") -> bytes:
    file = io.BytesIO()
    pixels = np.random.default_rng(width).integers(0, 256, (height, width, 3), np.uint8)
    Image.fromarray(pixels).save(file, "PNG")
    return file.getvalue() + mark


def asked(data: bytes, at_least: int | None = None, max_pixels: int = 10_000_000) -> Request:
    return Request(data, at_least, max_pixels, extra_formats=False)


def refusal(made: Decoders, request: Request) -> DecodeError:
    with pytest.raises(DecodeError) as caught:
        made.decode(request)
    assert str(caught.value).isprintable()
    return caught.value


@pytest.fixture
def make() -> Iterator[Callable[..., Decoders]]:
    made: list[Decoders] = []

    def make(program: str = HONEST, **options: float) -> Decoders:
        made.append(Decoders(program, **options))
        return made[-1]

    yield make
    for one in made:
        one.close()


def test_what_comes_is_what_decoding_gives(make: Callable[..., Decoders], monkeypatch: pytest.MonkeyPatch) -> None:
    made = make()
    for data, at_least in ((png(), None), (png(900, 700), 100), (png(2000, 1500), None)):
        here = decoding.decode_shrunk(data, at_least=at_least)
        there = made.decode(asked(data, at_least))
        assert (there.size, there.extent, there.image.size) == (here.size, here.extent, here.image.size)
        assert there.image.tobytes() == here.image.tobytes()
    assert messages.BAND < 3 * 2000 * 1500, "the last came in several bands"
    with pytest.raises(DecodeError, match="unless other formats") as caught:
        made.decode(asked(b"GIF89a" + bytes(50)))
    assert caught.value.reason is SkipReason.UNSUPPORTED
    assert len(made.pids) == 1


def test_threads_have_a_process_each_and_leave_them_for_others(make: Callable[..., Decoders]) -> None:
    made = make()
    here = decoding.decode_image(png(300, 200)).tobytes()
    found: list[bytes] = []

    def decode() -> None:
        for _ in range(20):
            found.append(made.decode(asked(png(300, 200))).image.tobytes())

    threads = [threading.Thread(target=decode) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 80
    assert set(found) == {here}
    assert 1 <= len(made.pids) <= 4


def test_a_crash_is_the_picture_s(make: Callable[..., Decoders]) -> None:
    made = make(MARKED)
    before = made.decode(asked(png()))
    first = made.pids
    error = refusal(made, asked(png(mark=b"CRASH")))
    assert error.reason is SkipReason.CRASHED
    assert "crashes the decoder" in str(error)
    assert made.decode(asked(png())).image.tobytes() == before.image.tobytes()
    assert made.pids != first
    assert not made.trouble


def test_a_process_that_somebody_ended_costs_no_picture(make: Callable[..., Decoders]) -> None:
    made = make()
    made.decode(asked(png()))
    os.kill(made.pids[0], 9)
    assert made.decode(asked(png(50, 50))).size == (50, 50)


def test_a_picture_that_stalls_is_stopped_and_the_others_go_on(make: Callable[..., Decoders]) -> None:
    made = make(MARKED, most_seconds=4)
    errors: list[DecodeError] = []
    stalled = threading.Thread(target=lambda: errors.append(refusal(made, asked(png(mark=b"STALL")))))
    stalled.start()
    while stalled.is_alive():
        assert made.decode(asked(png())).size == (40, 30)
    assert errors[0].reason is SkipReason.CRASHED
    assert "took more than 4 s" in str(errors[0])


def test_time_that_the_computer_sleeps_does_not_count(
    make: Callable[..., Decoders], monkeypatch: pytest.MonkeyPatch
) -> None:
    made = make(MARKED, most_seconds=30)
    made.decode(asked(png()))
    clock = time.monotonic
    hours = iter(range(0, 10**9, 3600))
    monkeypatch.setattr(decoders.time, "monotonic", lambda: clock() + next(hours))
    assert made.decode(asked(png(mark=b"SLOW"))).size == (40, 30), "ten looks at the clock, ten hours"
    assert made.pids, "it was decoded there"


def picture(size: tuple[int, int], decoded: tuple[int, int], *extent: float, pixels: int = 300) -> bytes:
    """An answer that says this of a picture, and so many bytes of pixels."""
    return messages.PICTURE + messages._HEAD.pack(*size, *decoded, *extent) + bytes(pixels)


def test_a_sound_answer_is_believed(make: Callable[..., Decoders]) -> None:
    made = make(answering(picture((20, 20), (10, 10), 0, 0, 10, 9.5)))
    assert made.decode(asked(png())).extent == (0, 0, 10, 9.5)


@pytest.mark.parametrize(
    "answer",
    [
        picture((40, 40), (10, 10), 0, 0, 10, 10),  # more pixels than were allowed
        picture((10, 10), (40, 40), 0, 0, 10, 10, pixels=4800),
        picture((0, 10), (10, 10), 0, 0, 10, 10),
        picture((10, 10), (10, 10), 0, 0, float("nan"), 10),
        picture((10, 10), (10, 10), 0, 0, 11, 10),
        picture((10, 10), (10, 10), 5, 0, 5, 10),
        picture((10, 10), (10, 10), 0, 0, 10, 10, pixels=299),
        messages.REFUSAL + messages._REFUSAL.pack(3, 4) + b"oh notold",
        b"X" * 1000,
    ],
)
def test_what_a_process_makes_up_is_a_crash(make: Callable[..., Decoders], answer: bytes) -> None:
    assert refusal(make(answering(answer)), asked(png(), max_pixels=1000)).reason is SkipReason.CRASHED


def test_a_refusal_plays_no_tricks(make: Callable[..., Decoders]) -> None:
    words = "\x1b[31mred\u202e\n".encode() + b"x" * 3000
    answer = messages.REFUSAL + messages._REFUSAL.pack(7, len(words)) + b"damaged" + words
    error = refusal(make(answering(answer)), asked(png()))
    assert error.reason is SkipReason.DAMAGED
    assert len(str(error)) < 600


def test_without_processes_pictures_are_decoded_here_and_it_is_said_once(make: Callable[..., Decoders]) -> None:
    made = make("raise SystemExit(3)")
    for _ in range(5):
        assert made.decode(asked(png())).size == (40, 30)
    assert "code 0x3" in made.trouble
    (notice,) = made.take_notices()
    assert "within the program" in notice
    assert notice.endswith(".")
    assert made.take_notices() == []
    assert made.pids == []


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no such limits")
@pytest.mark.skipif(sys.platform == "win32", reason="Windows has classes of priority")
def test_its_processes_give_way_to_the_window(make: Callable[..., Decoders]) -> None:
    made = make(PROGRAM)
    made.decode(asked(png()))
    (process,) = made.pids
    mine = os.getpriority(os.PRIO_PROCESS, 0)
    assert os.getpriority(os.PRIO_PROCESS, process) == min(19, mine + child.NICE)


def test_a_system_that_refuses_limits_decodes_without(make: Callable[..., Decoders]) -> None:
    made = make(
        "import resource\ndef setrlimit(*_): raise ValueError('current limit exceeds maximum limit')\n"
        "resource.setrlimit = setrlimit\nfrom ras.images.child import main; main()"
    )
    assert made.decode(asked(png())).size == (40, 30)
    assert made.trouble == ""
    assert len(made.pids) == 1


def test_nothing_is_said_where_all_is_well(make: Callable[..., Decoders]) -> None:
    made = make()
    made.decode(asked(png()))
    assert (made.trouble, made.take_notices()) == ("", [])


def test_processes_that_idle_end(make: Callable[..., Decoders]) -> None:
    made = make(idle_seconds=0.5)
    made.decode(asked(png()))
    for _ in range(2000):
        if not made.pids:
            break
        time.sleep(0.005)
    assert made.pids == []
    assert made.decode(asked(png())).size == (40, 30)


def test_a_large_picture_s_memory_is_given_back(make: Callable[..., Decoders], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "LARGE", 100_000)
    made = make()
    made.decode(asked(png()))
    assert len(made.pids) == 1
    made.decode(asked(png(300, 200)))
    assert made.pids == []


def test_pictures_wait_for_memory_in_turn(make: Callable[..., Decoders], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoders, "MOST_MEMORY", 1_000_000)
    monkeypatch.setattr(decoders, "needed_memory", lambda data, at_least: int(data))
    made = make()
    at_work: list[int] = []
    most = [0]
    lock = threading.Lock()

    class Counted:
        def begin(self, most_seconds: float) -> None: ...

        def rest(self) -> None: ...

        def end(self) -> None: ...

        def decode(self, request: Request) -> None:
            with lock:
                at_work.append(int(request.data))
                most[0] = max(most[0], sum(at_work))
            time.sleep(0.002)
            with lock:
                at_work.remove(int(request.data))

    monkeypatch.setattr(made, "_take", lambda fresh: Counted())
    needed = [b"300000", b"900000", b"5000000", b"10", b"700000"] * 6
    threads = [threading.Thread(target=made.decode, args=(asked(data),)) for data in needed]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    # What needs more than there is has it alone, but for those that need nothing worth counting.
    assert 1_000_000 < most[0] < 5_300_000


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux counts all of a process's memory")
def test_a_process_has_no_more_memory_than_its_picture_needs(make: Callable[..., Decoders]) -> None:
    error = refusal(make(MARKED), asked(png(mark=b"GREED")))
    assert error.reason is SkipReason.TOO_LARGE


def test_a_process_knows_no_secrets_and_writes_no_files(
    make: Callable[..., Decoders], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("RAS_DISCORD_BOT_TOKEN", "secret")
    monkeypatch.chdir(tmp_path)
    (tmp_path / "PIL.py").write_text("raise SystemExit('hijacked')")
    monkeypatch.setattr(sys, "path", ["", *sys.path])
    said = str(refusal(make(MARKED), asked(png(mark=b"TELL"))))
    assert "0 secrets" in said
    assert "'PATH'" in said
    if os.name == "posix":
        assert "written 0" in said


@pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")
def test_processes_end_with_the_program_even_where_that_is_killed() -> None:
    code = (
        "import io, sys, time; from PIL import Image; from ras.images import decode_image, decoders\n"
        "file = io.BytesIO(); Image.effect_noise((40, 40), 50).save(file, 'PNG'); decode_image(file.getvalue())\n"
        "print(*decoders.shared.pids, flush=True); time.sleep(60)"
    )
    with subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, cwd=ROOT) as program:
        assert program.stdout is not None
        (process,) = map(int, program.stdout.readline().split())
        program.kill()
    for _ in range(2000):
        try:
            os.kill(process, 0)
        except ProcessLookupError:
            break
        if Path(f"/proc/{process}/stat").is_file() and ") Z " in Path(f"/proc/{process}/stat").read_text():
            break  # nobody in this container waits for orphans
        time.sleep(0.005)
    else:
        raise AssertionError("it lives on")


@pytest.mark.skipif(sys.platform == "win32", reason="Windows counts no process's time")
def test_what_counts_is_the_time_that_a_process_computes(make: Callable[..., Decoders]) -> None:
    """Here it has a second of it. Nobody need be left to end it."""
    error = refusal(make(MARKED, most_seconds=1000), asked(png(mark=b"FOREVER")))
    assert error.reason is SkipReason.CRASHED
    assert "took more than 20 s" in str(error)


def test_the_doctor_tells_whether_there_are_processes(monkeypatch: pytest.MonkeyPatch) -> None:
    assert (decoding_check().state, decoding_check().remedy) == ("ok", None)
    monkeypatch.setattr(decoders, "Decoders", lambda: Decoders("raise SystemExit(3)"))
    check = decoding_check()
    assert check.state == "warning"
    assert "code 0x3" in check.sentence


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there is no fork here")
def test_a_copy_of_the_program_has_processes_of_its_own() -> None:
    decoders.decode_image(png())
    before = set(decoders.shared.pids)
    reads, writes = os.pipe()
    copy = os.fork()
    if not copy:
        try:
            os.write(writes, b"fresh" if not decoders.shared.pids else b"shared")
        finally:
            os._exit(0)
    os.waitpid(copy, 0)
    assert os.read(reads, 10) == b"fresh"
    os.close(reads)
    os.close(writes)
    assert decoders.decode_image(png()).size == (40, 30)
    assert set(decoders.shared.pids) == before
