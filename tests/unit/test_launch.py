"""The launcher's parts that need no environment: state, lock, place, choice of torch, reading pip."""

from __future__ import annotations

import errno
import multiprocessing
import os
import sys
from dataclasses import replace
from pathlib import Path

import pytest

from ras.launch import FAILURE, main
from ras.launch.events import Plan
from ras.launch.lock import Lock, NoLocks
from ras.launch.machine import Candidate, Nvidia, candidates, cuda_build, reachable, variant_wanted
from ras.launch.pip import Reading, explain
from ras.launch.place import Place, SetupError, child_environment, choose_place, find_place, is_ready, places
from ras.launch.prepare import leave_out, prepare, remove_environment, sweep
from ras.launch.stages import CORE, OPENCV, STAGES, TORCH, extra_for_tests, key_of, lines_of, requirements
from ras.launch.state import DONE, FAILED, FILE_NAME, LEFT_OUT, STARTED, Record, State, read_state, write_state
from ras.launch.terminal import may_begin, wait_for
from ras.launch.torch_build import names_cuda
from ras.one_window import enter

TORCH_LINE = 'torch>=2.0,<2.14; sys_platform != "darwin"'


def whole_state(python: str = "3.11") -> State:
    return State(python, "/usr/bin/python3.11", {stage.name: Record(key_of(stage, python), DONE) for stage in STAGES})


def test_a_state_survives_the_disk(tmp_path: Path) -> None:
    state = whole_state().with_stage("torch", Record("k", FAILED, "Ünlucky.", "cpu"))
    write_state(tmp_path, state)
    assert read_state(tmp_path) == state
    assert [path.name for path in tmp_path.iterdir()] == [FILE_NAME]


def test_no_state_and_a_damaged_state_are_told_apart(tmp_path: Path) -> None:
    assert read_state(tmp_path) is None
    for text in ("", "[]", "{}", '{"python": "3.11", "interpreter": "", "stages": {"core": {"colour": 1}}}'):
        (tmp_path / FILE_NAME).write_text(text)
        assert read_state(tmp_path) == State()


def test_only_what_works_or_may_be_missing_is_settled() -> None:
    state = whole_state()
    assert state.complete()
    for status, optional, required in ((STARTED, False, False), (FAILED, True, False), (LEFT_OUT, True, False)):
        for stage, settled in ((TORCH, optional), (CORE, required)):
            record = replace(state.stages[stage.name], status=status)
            assert state.with_stage(stage.name, record).settled(stage) is settled


def test_another_python_or_another_requirement_unsettles() -> None:
    state = whole_state()
    assert not replace(state, python="3.12").complete()
    other = replace(CORE, check="import numpy")
    assert key_of(other, "3.11") != key_of(CORE, "3.11")
    assert not state.with_stage("core", Record(key_of(other, "3.11"), DONE)).complete()


def test_an_environment_whose_python_is_gone_or_another_is_not_ready(tmp_path: Path) -> None:
    place = replace(places()[0], folder=tmp_path / "env")
    place.python.parent.mkdir(parents=True)
    real = os.path.realpath(sys.executable)
    assert not is_ready(place, replace(whole_state(), interpreter=real))
    place.python.symlink_to(real)
    (place.folder / "pyvenv.cfg").write_text(f"home = {os.path.dirname(real)}\n", "utf-8")  # for Windows
    assert is_ready(place, replace(whole_state(), interpreter=real))
    assert not is_ready(place, whole_state())
    assert not is_ready(place, None)


def test_on_windows_the_python_that_made_the_environment_must_be_there(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("sys.platform", "win32")
    place = replace(places()[0], folder=tmp_path / "env")
    place.python.parent.mkdir(parents=True)
    place.python.touch()  # a starter, which the uninstaller does not know
    state = replace(whole_state(), interpreter=os.path.realpath(place.python))
    assert not is_ready(place, state)
    base = tmp_path / "Pythön = 311"
    base.mkdir()
    (place.folder / "pyvenv.cfg").write_text(f"home = {base}\nversion = 3.11.7\n", "utf-8")
    (base / "python311.dll").touch()
    assert not is_ready(place, state)
    for name in ("python.exe", "python3.13t.exe", "pypy3.exe"):
        (base / name).touch()
        assert is_ready(place, state)
        (base / name).unlink()
    assert not is_ready(place, state)


def test_an_environment_whose_base_is_gone_is_made_anew_as_a_whole(
    ras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    place = places()[0]
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(ras_home / "uninstalled")
    write_state(place.folder, whole_state())
    monkeypatch.setattr("ras.launch.prepare.machine.find_nvidia", lambda: None)
    job = prepare(place)
    plan = next(job)
    job.close()
    assert isinstance(plan, Plan)
    assert (plan.fresh, plan.settled) == (True, ())


def test_leaving_out_settles_what_is_optional(tmp_path: Path) -> None:
    state = whole_state().with_stage("faiss", Record("old", STARTED))
    write_state(tmp_path, state)
    place = replace(places()[0], folder=tmp_path)
    assert leave_out(place)
    after = read_state(tmp_path)
    assert after is not None
    assert after.complete()
    assert after.stages["faiss"].status == LEFT_OUT
    write_state(tmp_path, state.with_stage("core", Record("old", DONE)))
    assert not leave_out(place)


def test_an_environment_is_removed_but_not_what_it_links_to(tmp_path: Path) -> None:
    precious = tmp_path / "precious"
    precious.mkdir()
    env = tmp_path / "env"
    (env / "lib").mkdir(parents=True)
    (env / "lib64").symlink_to(precious)
    write_state(env, State())
    remove_environment(env)
    assert list(env.iterdir()) == []
    assert precious.is_dir()


def test_what_a_killed_pip_left_is_swept(tmp_path: Path) -> None:
    for name, record in (("whole-1.dist-info", True), ("half-1.dist-info", False), ("~orch", True)):
        (tmp_path / name).mkdir()
        if record:
            (tmp_path / name / "RECORD").touch()
    sweep(tmp_path)
    assert [path.name for path in tmp_path.iterdir()] == ["whole-1.dist-info"]


def test_a_folder_that_somebody_else_filled_is_left_alone(ras_home: Path) -> None:
    first, second = places()
    assert choose_place() == first
    (ras_home / "env").mkdir()
    assert choose_place() == first
    (ras_home / "env" / "precious.txt").touch()
    if not second.folder.exists():
        assert choose_place() == second
        second.folder.parent.rmdir()


def test_no_place_at_all_is_a_sentence(ras_home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wall = ras_home / "wall"
    wall.touch()
    monkeypatch.setenv("RAS_HOME", str(wall / "home"))
    monkeypatch.setattr("ras.launch.place.REPOSITORY", wall)
    with pytest.raises(SetupError, match="RAS_HOME"):
        choose_place()


def test_a_data_folder_that_may_not_be_entered_holds_no_environment(
    ras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    stat = os.stat

    def refuse(path: object, *arguments: object, **more: object) -> object:
        if str(path).startswith(str(ras_home / "env")):
            raise PermissionError(13, "Permission denied", str(path))
        return stat(path, *arguments, **more)  # type: ignore[arg-type]

    monkeypatch.setattr(os, "stat", refuse)  # the tests may run as one who may enter all
    monkeypatch.setattr("ras.launch.place.REPOSITORY", ras_home / "none")
    assert find_place() is None


def _try_lock(path: Path) -> bool:
    return Lock(path).acquire()


def test_one_process_holds_the_lock(tmp_path: Path) -> None:
    lock = Lock(tmp_path / "new" / "env.lock")
    assert lock.acquire()
    assert lock.acquire()
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        assert pool.apply(_try_lock, (tmp_path / "new" / "env.lock",)) is False
        lock.release()
        assert pool.apply(_try_lock, (tmp_path / "new" / "env.lock",)) is True


@pytest.mark.skipif(sys.platform == "win32", reason="flock is not Windows' lock")
@pytest.mark.parametrize(("code", "held"), [(errno.EWOULDBLOCK, True), (errno.EACCES, True), (errno.ENOLCK, False)])
def test_a_file_system_without_locks_is_told_from_a_lock_that_is_held(
    ras_home: Path, monkeypatch: pytest.MonkeyPatch, code: int, held: bool
) -> None:
    def refuse(_file: int, _operation: int) -> None:
        raise OSError(code, os.strerror(code))

    monkeypatch.setattr("fcntl.flock", refuse)
    lock = Lock(ras_home / "env.lock")
    assert may_begin(lock) is not held
    if held:
        assert not lock.acquire()
        return
    wait_for(lock)  # and does not, for ever
    assert lock.inheritable == ()
    with pytest.raises(NoLocks):
        lock.acquire()
    assert enter([]) == (None, False), "a window opens all the same"


@pytest.mark.parametrize("name", ["env", "env.lock", "logs", "logs/setup.log"])
def test_a_file_of_the_set_up_that_cannot_be_opened_is_named(
    ras_home: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str
) -> None:
    place = places()[0]
    (ras_home / name).parent.mkdir(exist_ok=True)
    if name in ("env", "logs"):
        (ras_home / name).touch()
    else:
        (ras_home / name).mkdir()
    monkeypatch.setattr("ras.launch.choose_place", lambda: place)
    assert main(["setup"]) == FAILURE
    told = capsys.readouterr().err
    assert str(ras_home / name) in told
    assert "RAS_HOME" in told


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere names of files are Unicode")
def test_a_folder_whose_name_is_no_unicode_can_be_logged(ras_home: Path) -> None:
    home = Path(os.fsdecode(os.fsencode(ras_home) + b"/h\xe4"))
    home.mkdir()
    place = Place(home / "env", home / "setup.log")
    place.python.parent.mkdir(parents=True)
    place.python.symlink_to(sys.executable)
    write_state(place.folder, State("3.11", os.path.realpath(sys.executable)))
    job = prepare(place)
    events = [next(job), next(job), next(job)]
    job.close()
    assert isinstance(events[0], Plan)
    assert "h\\udce4/env/bin/python" in place.log.read_text("utf-8")


def test_the_child_is_led_to_its_own_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("PYTHONPATH", "PYTHONHOME"):
        monkeypatch.setenv(name, "/elsewhere")
    monkeypatch.setenv("PYTHONUTF8", "1")
    child = child_environment()
    assert not {"PYTHONPATH", "PYTHONHOME"} & set(child)
    assert (child["PYTHONNOUSERSITE"], child["PYTHONUTF8"]) == ("1", "1")


@pytest.mark.parametrize(
    ("driver", "capability", "variant"),
    [
        (580.65, 8.9, "cu130"),
        (580.65, 6.1, "cu126"),  # Pascal: CUDA 13 has dropped it
        (572.16, 12.0, "cu128"),  # Blackwell with its first driver
        (535.18, 8.6, "cu126"),
        (470.82, 7.5, "cu118"),
        (390.15, 5.0, "cpu"),
        (581.0, None, "cu130"),
        (None, None, "cu130"),
    ],
)
def test_the_cuda_that_card_and_driver_can_run(driver: float | None, capability: float | None, variant: str) -> None:
    assert variant_wanted(Nvidia(driver, capability)) == variant


def test_without_a_card_nothing_with_cuda_is_asked_for() -> None:
    for platform in ("linux", "win32", "darwin"):
        for answers in (True, False):
            found = candidates(TORCH_LINE, None, answers, platform)
            assert not any(candidate.cuda for candidate in found)
            assert all(candidate.index is None or candidate.index.endswith("/cpu") for candidate in found)


def test_with_a_card_cuda_comes_first_and_the_cpu_is_the_last_resort() -> None:
    card = Nvidia(535.18, 8.6)
    windows = candidates(TORCH_LINE, card, True, "win32")
    assert windows[0] == Candidate("torch>=2.0,<2.14", "cu126", "https://download.pytorch.org/whl/cu126", cuda=True)
    assert not windows[1].cuda, "the registry's builds for Windows know no CUDA"
    offline = candidates(TORCH_LINE, card, False, "linux")
    assert offline[0] == Candidate("torch>=2.0,<2.8", "cu126", cuda=True)
    assert cuda_build(Nvidia(535.18, 12.0)) is None


def test_an_index_that_does_not_answer_costs_no_minutes(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("PIP_NO_INDEX", raising=False)
    for name in ("http_proxy", "HTTP_PROXY", "no_proxy", "NO_PROXY"):
        monkeypatch.delenv(name, raising=False)
    assert not reachable("http://127.0.0.1:9/", 2)
    monkeypatch.setenv("PIP_NO_INDEX", "1")
    assert not reachable()


@pytest.mark.parametrize(
    ("line", "cuda"),
    [
        ("Collecting nvidia-cublas==13.4.1.3.* (from cuda-toolkit)", True),
        ("Processing /wheels/nvidia_nccl_cu13-2.30.7-py3-none-manylinux2014_x86_64.whl (from torch)", True),
        ("Collecting triton~=3.9.0 (from torch<3,>=2.0)", True),
        ("Collecting cuda-toolkit==13.2.2 (from torch<3,>=2.0)", True),
        ("  Downloading torch-2.15.0-cp311-cp311-manylinux_2_28_x86_64.whl (539.1 MB)", True),
        ("  Downloading torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl (191.8 MB)", False),
        ("Collecting torch<3,>=2.0", False),
        ("Would install nvidia-cublas-13", False),
    ],
)
def test_cuda_is_told_by_pips_words(line: str, cuda: bool) -> None:
    assert names_cuda(line) is cuda


def test_reading_pip() -> None:
    reading = Reading()
    for line in (
        "Collecting torch<3,>=2.0",
        "  Downloading torch-2.13.0%2Bcpu-cp311-cp311-manylinux_2_28_x86_64.whl (191.8 MB)",
        "Progress 0 of 1000",
        "Progress 400 of 1000",
    ):
        reading.take(line)
    assert (reading.text, reading.done, reading.total, reading.fetched) == ("Downloading torch 2.13.0", 400, 1000, 400)
    reading.take("Progress 1000 of 1000")
    reading.take("  Downloading numpy-2.4.6-cp311-cp311-manylinux_2_28_x86_64.whl (16.6 MB)")
    reading.take("Progress 50 of 500")
    assert (reading.text, reading.fetched) == ("Downloading numpy 2.4.6", 1050)
    reading.take("Installing collected packages: numpy, torch")
    assert reading.installing
    assert reading.text == "Unpacking 2 packages, torch among them"


@pytest.mark.parametrize(
    ("lines", "said"),
    [
        (["ERROR: Could not install packages due to an OSError: [Errno 28] No space left on device"], "disk is full"),
        (["ERROR: No matching distribution found for msgspec<1,>=0.18"], "msgspec<1,>=0.18"),
        (["WARNING: Retrying … NameResolutionError(…)", "ERROR: No matching distribution found for x"], "reached"),
        (["something", "ERROR: It is Tuesday."], "It is Tuesday"),
        ([], "said nothing"),
    ],
)
def test_failures_are_explained(lines: list[str], said: str) -> None:
    assert said in explain(lines)


def test_every_requirement_belongs_to_one_stage() -> None:
    claimed = [name for stage in STAGES for name in stage.packages if (stage, name) != (OPENCV, "numpy")]
    assert sorted(claimed) == sorted(requirements())


def test_opencv_comes_early_may_be_missing_and_asks_for_the_numpy_that_is_there() -> None:
    assert STAGES.index(OPENCV) == STAGES.index(CORE) + 1
    assert not OPENCV.required
    asked = lines_of(OPENCV)
    assert asked[0].startswith("opencv-python-headless>=")
    assert asked[1:] == requirements()["numpy"]
    assert set(asked[1:]) < set(lines_of(CORE))


def test_the_tests_extra_is_read_as_toml_reads_it() -> None:
    tomllib = pytest.importorskip("tomllib", reason="Python 3.11 reads TOML")
    project = tomllib.loads((Path(__file__).parents[2] / "pyproject.toml").read_text("utf-8"))["project"]
    assert extra_for_tests() == project["optional-dependencies"]["test"]
