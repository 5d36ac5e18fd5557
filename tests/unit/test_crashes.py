"""Reports of crashes: they say where in the program it was, and nothing that anybody wrote."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
from contextlib import contextmanager
from pathlib import Path
from typing import Callable, Iterator, NoReturn

import pytest

from ras.crashes import watch
from ras.crashes.folder import KEPT, keep, reports
from ras.crashes.places import ELSEWHERE, line_of, place_of, without_home
from ras.crashes.report import report_of, save_report
from ras.records import Query

REPOSITORY = Path(__file__).resolve().parents[2]

# Not as they must not be found: the lines of code of this file stand in the reports.
SECRETS = {
    "message": "-".join(("meet", "me", "at", "nine")).replace("-", " "),
    "author": "".join(("Zo", "ë Quil", "ltail")),
    "channel": "".join(("quilt", "ing-circle")),
    "url": "".join(("https://cdn.discord", "app.com/attachments/1/2/quilts.png?ex=aabbcc&hm=ddeeff")),
    "token": "".join(("MTA", "0" * 21, ".GhIjKl.", "m" * 30)),
    "path": os.path.join(str(Path.home()), "".join(("qui", "lts")), "export.json"),
    "number": "".join(("84201", "77320015")),
}


def caught(run: Callable[[], object]) -> BaseException:
    try:
        run()
    except Exception as exc:  # noqa: BLE001  whatever it is
        return exc
    raise AssertionError("nothing was raised")


def looked_up(name: str) -> object:
    return {}[name]  # type: ignore[var-annotated]


def refused(name: str) -> NoReturn:
    raise ValueError(f"{name} is not what was expected of {len(name)} letters")


def in_between(name: str) -> NoReturn:
    try:
        refused(name)
    except ValueError as exc:
        raise RuntimeError(name, {"content": name}) from exc


def named_after(name: str) -> NoReturn:
    raise type("".join(filter(str.isidentifier, name)) or "E", (Exception,), {})(name)


def noted(name: str) -> NoReturn:
    exc = OSError(5, name, name)
    exc.__notes__ = [name]  # type: ignore[attr-defined]
    raise exc


def unreadable(name: str) -> NoReturn:
    class Odd(Exception):
        def __str__(self) -> str:
            raise TypeError(name)

    raise Odd(name)


RAISERS: dict[str, Callable[[str], object]] = {
    "looked up": looked_up,
    "filled in": refused,
    "caused": in_between,
    "number": int,
    "file": lambda name: Path(name + "?").read_text(),
    "attribute": lambda name: getattr(object(), name),
    "import": __import__,
    "compiled": lambda name: compile(f"'{name}' +", name, "exec"),
    "run": lambda name: exec(compile(f"raise ValueError({name!r})", name, "exec")),
    "bytes": lambda name: f"{name}ÿ".encode("latin-1", "replace").decode("ascii"),
    "noted": noted,
    "unreadable": unreadable,
    "assertion": lambda name: pytest.fail(name) if not name else (_ for _ in ()).throw(AssertionError(name)),
}


@pytest.mark.parametrize(
    ("raiser", "secret"),
    [(raiser, secret) for raiser in RAISERS for secret in SECRETS if (raiser, secret) != ("number", "number")],
)
def test_nothing_that_an_exception_carries_is_told(raiser: str, secret: str) -> None:
    value = SECRETS[secret]
    text = report_of(caught(lambda: RAISERS[raiser](value)), "window", {"mode": "cached"})
    assert value not in text
    assert value[4:16] not in text
    assert "What happened" in text
    assert "mode: cached" in text


def test_a_name_made_of_foreign_text_is_not_told_as_a_type() -> None:
    text = report_of(caught(lambda: named_after("hi all, " * 30)), "window", {})
    assert "An exception" in text


def test_it_says_where_and_what_as_the_program_has_it() -> None:
    error = caught(lambda: Query(None, "a picture"))
    text = report_of(error, "window", {"mode": "faiss", "pictures": 3500})
    assert "ValueError: A query needs a picture or a text." in text
    assert "  ras/records.py:" in text
    assert '    raise ValueError("A query needs a picture or a text.")' in text
    assert "pictures: 3500" in text
    assert "Python: " in text
    assert "System: " in text


def test_what_the_program_says_is_kept_around_what_it_fills_in() -> None:
    text = report_of(caught(lambda: refused(SECRETS["author"])), "window", {})
    assert f"ValueError: … is not what was expected of {len(SECRETS['author'])} letters" in text
    assert "division by zero" in report_of(caught(lambda: 1 // (len("") or 0)), "window", {})
    assert "'NoneType' object has no attribute 'foo'" in report_of(caught(lambda: None.foo), "window", {})  # type: ignore[attr-defined]


def test_a_recursion_is_told_by_its_ends() -> None:
    def deeper(level: int) -> int:
        return deeper(level + 1) + 1

    text = report_of(caught(lambda: deeper(0)), "window", {})
    assert "more …" in text
    assert len(text.splitlines()) < 160


def test_places_are_told_without_the_computer() -> None:
    assert place_of(str(REPOSITORY / "ras" / "gui" / "app.py")) == "ras/gui/app.py"
    assert place_of("/home/ada/venv/lib/python3.11/site-packages/PIL/Image.py") == "site-packages/PIL/Image.py"
    assert place_of(os.__file__) == "python/os.py"
    assert place_of("/home/ada/quilts.py") == ELSEWHERE
    assert place_of("<string>") == ELSEWHERE
    assert place_of("<frozen importlib._bootstrap>") == "<frozen importlib._bootstrap>"
    assert place_of("../ada/quilts.py") == ELSEWHERE
    assert without_home(f"in {Path.home()}{os.sep}x") == f"in ~{os.sep}x"


def test_a_relative_place_is_told_only_where_it_is_in_the_program(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Python 3.8 has the path that it was started with; a path in anything else may be a person’s."""
    monkeypatch.chdir(REPOSITORY / "ras")
    assert place_of(os.path.join("..", "run_app.py")) == "run_app.py"
    assert line_of(os.path.join("..", "run_app.py"), 1).startswith('"""Start Reverse Archive Search')
    monkeypatch.chdir(tmp_path)
    for path in ("run_app.py", "thesis.py", "thesis\0.py", os.path.join("Maria-Muster", "thesis.py")):
        assert place_of(path) == ELSEWHERE


def test_places_are_told_where_the_program_was_started_through_a_link(tmp_path: Path) -> None:
    link = tmp_path / "RAS"
    try:
        link.symlink_to(REPOSITORY, target_is_directory=True)
    except OSError:
        pytest.skip("Windows lets this user make no links")
    assert place_of(str(link / "ras" / "gui" / "app.py")) == "ras/gui/app.py"
    assert line_of(str(link / "run_app.py"), 1) == line_of(str(REPOSITORY / "run_app.py"), 1) != ""


@pytest.mark.parametrize("error", [OSError("a", "b"), OSError(10**30, "b")])
def test_an_error_of_the_system_without_a_number_of_the_system_is_reported(error: OSError) -> None:
    assert "OSError: …" in report_of(error, "window", {})


def test_twenty_are_kept(ras_home: Path) -> None:
    (ras_home / "crashes").mkdir()
    (ras_home / "crashes" / "notes.txt").write_text("mine", "utf-8")
    made = [keep(f"report {number}") for number in range(KEPT + 3)]
    there = reports()
    assert len(there) == KEPT == 20
    assert {report.path for report in there} == set(made[3:])
    assert there[0].text() == f"report {KEPT + 2}"
    assert (ras_home / "crashes" / "notes.txt").exists()


def test_a_fault_of_a_thread_leaves_a_report(monkeypatch: pytest.MonkeyPatch) -> None:
    heard: list[object] = []
    monkeypatch.setattr(threading, "excepthook", heard.append)
    watch.begin("window")
    try:
        watch.note({"mode": "cached"})
        thread = threading.Thread(target=looked_up, args=(SECRETS["author"],))
        thread.start()
        thread.join()
    finally:
        watch.end()
    (report,) = reports()
    assert "KeyError" in report.text()
    assert "mode: cached" in report.text()
    assert SECRETS["author"] not in report.text()
    assert heard  # whoever listened before still does
    assert threading.excepthook == heard.append


CRASH = """
import ctypes, sys
from ras.crashes import watch
watch.begin("window")
watch.note({"mode": "faiss", "pictures": 28})
def quilt():
    ctypes.string_at(0)
quilt()
"""


def child(code: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", code],
        env={**os.environ, "PYTHONPATH": str(REPOSITORY), **environment},
        cwd=str(REPOSITORY),
        capture_output=True,
        encoding="utf-8",
        timeout=60,
        check=False,
    )


def test_a_crash_of_native_code_leaves_a_report_with_the_next_start(tmp_path: Path, ras_home: Path) -> None:
    home = tmp_path / "home-of-zoe"
    script = home / "quilts" / "script.py"
    script.parent.mkdir(parents=True)
    script.write_text(CRASH, "utf-8")
    ended = child(f"import runpy; runpy.run_path({str(script)!r})", HOME=str(home))
    assert ended.returncode not in (0, 1, 2)
    assert not reports()
    (path,) = watch.collect()
    (report,) = reports()
    assert report.path == path
    text = report.text()
    assert "Segmentation fault" in text or "access violation" in text
    assert "in quilt" in text
    assert "python/ctypes/__init__.py" in text
    assert "In: window, in native code" in text
    assert "mode: faiss" in text
    assert "pictures: 28" in text
    for private in (str(home), "zoe", "quilts/", str(REPOSITORY)):
        assert private not in text
    assert os.listdir(ras_home / "crashes") == [path.name]
    assert watch.collect() == ()


def test_a_run_that_ends_well_or_is_killed_leaves_nothing(ras_home: Path) -> None:
    assert child("from ras.crashes import watch; watch.begin('window'); watch.end()").returncode == 0
    assert not (ras_home / "crashes").exists()
    child("import os; from ras.crashes import watch; watch.begin('window'); os._exit(9)")
    assert len(os.listdir(ras_home / "crashes")) == 3
    assert watch.collect() == ()
    assert os.listdir(ras_home / "crashes") == []


def test_a_run_that_goes_on_is_left_alone(ras_home: Path) -> None:
    code = "import sys; from ras.crashes import watch; watch.begin('window'); print(1, flush=True); sys.stdin.read()"
    command = [sys.executable, "-c", code]
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    with subprocess.Popen(command, env=environment, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as running:
        assert running.stdout is not None
        running.stdout.readline()
        (dump,) = (ras_home / "crashes").glob("*.dump")
        dump.write_text("Fatal Python error: Segmentation fault\n", "utf-8")
        assert watch.collect() == ()
        assert dump.exists()
        running.kill()
    assert len(watch.collect()) == 1


def test_a_file_of_a_run_that_somebody_else_wrote_tells_nothing(ras_home: Path) -> None:
    folder = ras_home / "crashes"
    folder.mkdir()
    (folder / ".run-0123456789ab.lock").touch()
    (folder / ".run-0123456789ab.json").write_text('{"in": "https://a.example/b", "x": [1]}', "utf-8")
    lines = ["Fatal Python error: Aborted", f'  File "{SECRETS["path"]}", line 3 in f', SECRETS["message"]]
    (folder / ".run-0123456789ab.dump").write_text("\n".join(lines), "utf-8")
    (path,) = watch.collect()
    text = path.read_text("utf-8")
    assert "Aborted" in text
    assert f"{ELSEWHERE}:3 in f" in text
    for secret in (SECRETS["path"], SECRETS["message"], "a.example"):
        assert secret not in text


def test_of_a_native_crash_the_places_are_told_though_the_folder_has_letters_beyond_ascii(
    ras_home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """``faulthandler`` writes such letters as numbers."""
    root = os.path.join(os.path.abspath(os.sep), "home", "Zoë 雪", "RAS")
    monkeypatch.setattr("ras.crashes.places.REPOSITORY", Path(root))
    folder = ras_home / "crashes"
    folder.mkdir()
    (folder / ".run-0123456789ab.lock").touch()
    written = os.path.join(root, "ras", "cdn.py").replace("ë", r"\xeb").replace("雪", r"\u96ea")
    modules = "Extension modules: PIL._imaging, numpy.core._multiarray_umath (total: 2)"
    lines = ["Fatal Python error: Aborted", f'  File "{written}", line 3 in f', modules]
    (folder / ".run-0123456789ab.dump").write_text("\n".join(lines), "ascii")
    (path,) = watch.collect()
    text = path.read_text("utf-8")
    assert "  ras/cdn.py:3 in f\n" in text
    assert modules in text


@contextmanager
def full_disk() -> Iterator[None]:
    """Nothing can be written to files any more, as on a disk that is full: not even what pytest says, once it ends."""
    resource = pytest.importorskip("resource", reason="Windows has no limit on the size of files")
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, before[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)


def test_a_full_disk_hides_no_fault(ras_home: Path) -> None:
    with full_disk():
        kept = save_report(caught(lambda: looked_up("x")), "window")
    assert kept is None
    assert os.listdir(ras_home / "crashes") == []


def test_a_folder_that_cannot_be_made_hides_no_fault(ras_home: Path) -> None:
    (ras_home / "crashes").write_text("in the way", "utf-8")
    assert save_report(caught(lambda: looked_up("x")), "window") is None
    watch.begin("window")
    watch.end()
    assert watch.collect() == ()
