"""The command line as a program: exit codes, streams, JSON."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

from tests.exports import attachment, author, make_export, message
from tests.program import REPOSITORY, gradient, on_terminal, ras

JSON_KEYS = {
    *("rank", "score", "verdict", "changes", "matched_region", "evidence", "message_id", "attachment_id"),
    *("file_name", "url", "message_link", "author", "channel", "timestamp", "path"),
}

COPIES = ("identical", "altered")


@pytest.fixture
def query(tmp_path: Path) -> Path:
    path = tmp_path / "query.png"
    path.write_bytes(gradient(1))
    return path


@pytest.fixture
def export(tmp_path: Path) -> Path:
    """Four pictures beside the export; the third is a smaller copy of the query."""
    messages = [
        message("hello", [attachment("one.png", data=gradient(5))]),
        message("not to be had", [attachment("dead.png")]),
        message("that one", [attachment("find me 🐱.png", data=gradient(1, 200))], by=author(nickname="Mira\u202e")),
        message("", [attachment("other.png", data=b"RIFF\x24\x00\x00\x00WEBPVP8 ")]),
    ]
    messages[1]["attachments"][0]["url"] = (
        "https://cdn.discordapp.com/attachments/1/2/dead.png?ex=65000000&is=64000000&hm=0&"
    )
    return make_export(tmp_path / "export", messages=messages, media=True)


def test_json_has_every_field_and_the_copy_first(export: Path, query: Path) -> None:
    done = ras("search", export, query, "--json", "--encoder", "fingerprint", "--top-k", 5)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert set(found) == {
        *("query", "verdict", "scope", "mode", "encoder", "device", "searched", "skipped", "not_indexed", "results"),
        *("text", "text_weight"),
    }
    assert (found["query"], found["scope"], found["not_indexed"]) == (str(query), "all", 0)
    assert found["verdict"] in COPIES
    assert (found["mode"], found["device"], found["searched"]) == ("realtime", "cpu", 2)
    assert found["encoder"].startswith("fingerprint")
    assert found["skipped"] == {"expired_link": 1, "unsupported_format": 1}
    best = found["results"][0]
    assert set(best) == JSON_KEYS
    assert best["file_name"] == "find me 🐱.png"
    assert best["verdict"] == found["verdict"]
    assert best["evidence"]["hash_distance"] < 32
    assert found["results"][1]["verdict"] not in COPIES
    assert best["score"] > 0.9 > found["results"][1]["score"]
    assert best["url"].startswith("https://cdn.discordapp.com/attachments/")
    assert best["message_link"].startswith("https://discord.com/channels/")
    assert Path(best["path"]).is_file()
    assert [result["rank"] for result in found["results"]] == [1, 2]


def test_text_output_is_results_on_stdout_and_the_rest_on_stderr(export: Path, query: Path) -> None:
    done = ras("search", export, query, "--encoder", "fingerprint", "--top-k", 1)
    assert done.returncode == 0
    assert re.match(r"  1\.  \d\d\.\d%  (Identical|Same picture, altered.*)\n {13}Mira in #general, ", done.stdout)
    assert "find me 🐱.png" in done.stdout
    assert "\u202e" not in done.stdout
    assert "Compared 2 pictures" in done.stderr
    assert "1 link expired" in done.stderr
    assert "Compared" not in done.stdout


def test_a_picture_that_is_not_there_is_called_so_and_is_exit_code_1(export: Path, query: Path, tmp_path: Path) -> None:
    assert "Probably not" not in ras("search", export, query, "--encoder", "fingerprint").stderr
    unknown = tmp_path / "unknown.png"
    unknown.write_bytes(gradient(77))
    done = ras("search", export, unknown, "--encoder", "fingerprint")
    assert (done.returncode, done.stdout) == (1, "")
    sentence = r"Probably not in this archive: the nearest is \d+ % alike"
    assert re.search(rf"^{sentence} \(--nearest shows it all the same\)\.$", done.stderr, re.MULTILINE)
    done = ras("search", export, unknown, "--encoder", "fingerprint", "--nearest")
    assert done.returncode == 1
    assert re.match(r"  1\. +\d\d\.\d%  Probably another picture\n", done.stdout)
    assert re.search(rf"^{sentence}\.$", done.stderr, re.MULTILINE)
    found = json.loads(ras("search", export, unknown, "--encoder", "fingerprint", "--json").stdout)
    assert [found["verdict"], *(result["verdict"] for result in found["results"])] == ["unlikely"] * 3


def test_only_what_is_asked_for_is_shown(export: Path, query: Path) -> None:
    call = ("search", export, query, "--encoder", "fingerprint", "--show")
    assert "find me" in ras(*call, "copies").stdout
    done = ras(*call, "alike")
    assert (done.returncode, done.stdout) == (1, "")
    assert "No picture that looks alike was found" in done.stderr


def test_a_blank_picture_is_refused_in_one_sentence(export: Path, tmp_path: Path) -> None:
    wall = tmp_path / "wall.png"
    Image.new("RGB", (300, 200), "white").save(wall)
    done = ras("search", export, wall, "--encoder", "fingerprint")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == "“wall.png” has too little in it to be found: it is of one colour all over.\n"


def test_nothing_found_is_exit_code_1(tmp_path: Path, query: Path) -> None:
    export = make_export(tmp_path / "export", messages=[message("no pictures here")])
    done = ras("search", export, query, "--json", "--encoder", "fingerprint")
    assert done.returncode == 1
    assert json.loads(done.stdout)["results"] == []


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (("search", "{tmp}/missing.json", "{query}"), "missing.json"),
        (("search", "{export}", "{tmp}/missing.png"), "missing.png"),
        (("search", "{query}", "{query}"), "query.png"),
        (("search", "{export}", "{export}"), ".json"),
        (("search", "{export}", "{query}", "--top-k", "0"), "top_k"),
        (("search", "{export}", "{query}", "--mode", "psychic"), "psychic"),
        (("search", "{export}", "{query}", "--filter", "colour=red"), "colour"),
        (("search", "{export}", "{query}", "--indexed", "all"), "No archive is indexed yet"),
        (("search", "{export}", "--dance", "{query}"), "--dance"),
        (("index", "{export}", "--progress", "psychic"), "psychic"),
        (("search", "{export}"), "PICTURE"),
        (("index",), "ARCHIVE"),
        (("index", "{tmp}/missing.json"), "missing.json"),
        (("index", "{query}"), "query.png"),
        (("archives", "paint"), "paint"),
        (("archives", "remove", "all"), "No archive is indexed yet"),
        (("dance",), "dance"),
    ],
)
def test_user_errors_are_exit_code_2_and_one_sentence(
    arguments: tuple[str, ...], sentence: str, export: Path, query: Path, tmp_path: Path
) -> None:
    done = ras(*(argument.format(tmp=tmp_path, export=export, query=query) for argument in arguments))
    assert done.returncode == 2
    assert sentence in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_missing_file_among_those_to_open_is_named(export: Path, tmp_path: Path) -> None:
    done = ras(export, tmp_path / "missing.png")
    assert done.returncode == 2
    assert f"“{tmp_path / 'missing.png'}” is neither a command (" in done.stderr
    done = ras("--new-window", tmp_path / "missing.png")
    assert (done.returncode, f"“{tmp_path / 'missing.png'}” is neither a command (" in done.stderr) == (2, True)
    assert "“serach” is neither a command (" in ras("serach", export).stderr


def test_an_encoder_that_cannot_be_had_is_exit_code_3(export: Path, query: Path, tmp_path: Path) -> None:
    weights = tmp_path / "weights.pt"
    weights.write_bytes(b"not weights")
    done = ras("search", export, query, "--encoder", "clip", "--clip-weights", weights)
    assert done.returncode == 3
    assert "weights.pt" in done.stderr
    assert "Traceback" not in done.stderr
    assert done.stdout == ""


def test_a_fault_of_the_program_is_exit_code_3_and_kept_in_the_log(export: Path, query: Path, ras_home: Path) -> None:
    # A module of this name in front of the real one breaks the program in the middle of its work.
    broken = ras_home / "broken"
    broken.mkdir()
    (broken / "tqdm.py").write_text("raise ZeroDivisionError('bug')", "utf-8")
    call = ("search", export, query, "--encoder", "fingerprint", "--show", "copies")
    done = ras(*call, PYTHONPATH=f"{broken}{os.pathsep}{REPOSITORY}")
    assert done.returncode == 3
    assert "Traceback" not in done.stderr
    log = ras_home / "logs" / "ras.log"
    assert "ZeroDivisionError" in log.read_text("utf-8")
    assert f"Details are in {log}." in done.stderr
    assert [path.name for path in log.parent.iterdir()] == ["ras.log"]
    (report,) = (ras_home / "crashes").glob("crash-*.txt")
    assert f"A report without what anybody wrote, to send: {report}." in done.stderr
    assert "ZeroDivisionError" in report.read_text("utf-8")
    assert "find me" not in report.read_text("utf-8")
    assert "In: command search" in report.read_text("utf-8")
    assert "encoder: fingerprint\nshow: copies\n" in report.read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="needs a limit on the size of files")
def test_a_fault_is_told_where_nothing_can_be_written(export: Path, query: Path, ras_home: Path) -> None:
    broken = ras_home / "broken"
    broken.mkdir()
    (broken / "tqdm.py").write_text("raise ZeroDivisionError('bug')", "utf-8")
    (broken / "sitecustomize.py").write_text(
        "import resource; resource.setrlimit(resource.RLIMIT_FSIZE, (0, resource.RLIM_INFINITY))", "utf-8"
    )
    done = ras("search", export, query, "--encoder", "fingerprint", PYTHONPATH=f"{broken}{os.pathsep}{REPOSITORY}")
    assert done.returncode == 3
    assert "ZeroDivisionError('bug')" in done.stderr
    assert "The log cannot be written" in done.stderr
    assert "Details are in" not in done.stderr


@pytest.mark.parametrize("command", ["show", "window"])
def test_a_fault_that_quotes_what_is_no_text_is_told_all_the_same(command: str, ras_home: Path) -> None:
    fault = "raise(ValueError('Bot ' + 'x' * 30 + ' caf\\udce9.json \\x1b]0;title\\x07'))"
    program = (
        "import ras.cli, ras.cli.show, ras.gui\n"
        f"def broken(*_): {fault}\n"
        "ras.cli.show.show = ras.gui.main = broken\n"
        f"raise SystemExit(ras.cli.main({[command, 'x'] if command == 'show' else []}))"
    )
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    done = subprocess.run([sys.executable, "-c", program], env=environment, capture_output=True, timeout=60)
    assert done.returncode == 3
    (report,) = (ras_home / "crashes").glob("crash-*.txt")
    (told,) = done.stderr.decode("utf-8").splitlines()
    assert told.startswith("RAS failed, which is a fault of the program: ValueError('Bot [left out] caf\\udce9.json")
    assert told.endswith(f" A report without what anybody wrote, to send: {report}.")
    log = (ras_home / "logs" / "ras.log").read_bytes()
    assert b"ValueError: Bot [left out] caf\\udce9.json \\x1b]0;title" in log


@pytest.mark.skipif(sys.platform == "win32", reason="the end of a pipe is told otherwise there")
@pytest.mark.parametrize("unbuffered", ["", "1"])
def test_work_goes_on_when_nobody_reads_what_is_said(unbuffered: str, export: Path, tmp_path: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)

    def run(*arguments: object) -> subprocess.CompletedProcess[bytes]:
        environment = {**os.environ, "PYTHONPATH": str(REPOSITORY), "PYTHONUNBUFFERED": unbuffered}
        command = [sys.executable, *map(str, arguments)]
        return subprocess.run(command, stdout=subprocess.PIPE, stderr=theirs, env=environment, timeout=60)

    missing = tmp_path / "missing.json"
    try:
        # What cannot be read is said first, before anything is indexed.
        indexed = run("-m", "ras", "index", missing, export, "--encoder", "fingerprint")
        assert (indexed.returncode, indexed.stdout.count(b"Indexed 2 of 4 pictures")) == (2, 1)
        assert run("-m", "ras", "index", missing).returncode == 2
        assert run("-m", "ras", "index", "--nonsense").returncode == 2
        assert run(REPOSITORY / "run_app.py", "setup", "--nonsense").returncode == 2
        assert run(REPOSITORY / "run_app.py", "shortcut", "--nonsense").returncode == 2
    finally:
        os.close(theirs)


def test_ctrl_c_in_the_first_moment_is_no_traceback(tmp_path: Path) -> None:
    """It comes while the launcher or the program is imported, or before either is ready for it."""
    for module in ("ras.launch", "ras.launch.frozen", "ras.cli"):
        (tmp_path / "sitecustomize.py").write_text(
            "import sys\n"
            "class Interrupting:\n"
            "    def find_spec(name, *_):\n"
            f"        if name == {module!r}: raise KeyboardInterrupt\n"
            "sys.meta_path.insert(0, Interrupting)\n",
            "utf-8",
        )
        for program in ([str(REPOSITORY / "run_app.py")], ["-m", "ras"]):
            done = subprocess.run(
                [sys.executable, *program, "archives"],
                env={**os.environ, "PYTHONPATH": f"{tmp_path}{os.pathsep}{REPOSITORY}", "RAS_NO_ENV": "1"},
                capture_output=True,
                encoding="utf-8",
                timeout=60,
            )
            assert done.returncode == 130, (module, program, done.stderr)
            assert "Traceback" not in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="faulthandler is told differently there")
def test_a_crash_of_the_window_leaves_a_report(ras_home: Path) -> None:
    crash = "import ctypes, ras.gui; ras.gui.main = lambda *_: ctypes.string_at(0)"
    program = f"{crash}; from ras.cli import main; main([])"
    environment = {**os.environ, "PYTHONPATH": str(REPOSITORY)}
    ended = subprocess.run([sys.executable, "-c", program], env=environment, timeout=60, check=False)
    assert ended.returncode < 0
    assert "RAS ended unexpectedly" in ras("archives").stderr
    (report,) = (ras_home / "crashes").glob("crash-*.txt")
    assert "In: window, in native code" in report.read_text("utf-8")


@pytest.mark.skipif(sys.platform == "win32", reason="faulthandler is told differently there")
def test_a_crash_of_native_code_is_told_with_the_next_command(export: Path, query: Path, ras_home: Path) -> None:
    broken = ras_home / "broken"
    broken.mkdir()
    (broken / "tqdm.py").write_text("import ctypes; ctypes.string_at(0)", "utf-8")
    done = ras("search", export, query, "--encoder", "fingerprint", PYTHONPATH=f"{broken}{os.pathsep}{REPOSITORY}")
    assert done.returncode < 0
    told = ras("archives")
    (report,) = (ras_home / "crashes").glob("crash-*.txt")
    assert f"RAS ended unexpectedly the last time. A report, without what anybody wrote, is in {report}." in told.stderr
    text = report.read_text("utf-8")
    assert "Segmentation fault" in text
    assert "In: command search, in native code" in text
    assert str(ras_home) not in text
    assert "unexpectedly" not in ras("archives").stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs a pseudo-terminal")
def test_a_terminal_gets_a_progress_bar_and_a_pipe_does_not(export: Path, query: Path) -> None:
    command = [sys.executable, "-m", "ras", "search", str(export), str(query), "--encoder", "fingerprint"]
    _, terminal, printed = on_terminal(command, 100, only_errors=True)
    assert "find me" in printed
    assert "Searching" in terminal
    assert "pictures" in terminal
    assert "Searching" not in ras("search", export, query, "--encoder", "fingerprint").stderr


def test_a_program_can_follow_a_search(export: Path, query: Path) -> None:
    call = ("search", export, query, "--encoder", "fingerprint", "--json")
    done = ras(*call, "--progress", "json", PYTHONIOENCODING="ascii")
    assert done.returncode == 0
    assert done.stdout == ras(*call, PYTHONIOENCODING="ascii").stdout
    events = [json.loads(line) for line in done.stderr.splitlines()]
    progress = [event for event in events if event["event"] == "progress" and event["stage"] == "Searching"]
    keys = {"event", "stage", "done", "total", "unit", "rate", "seconds_left", "bytes_read", "failed"}
    assert {frozenset(event) for event in progress} == {frozenset(keys)}
    assert (progress[-1]["done"], progress[-1]["total"], progress[-1]["failed"]) == (4, 4, 2)
    assert progress[-1]["bytes_read"] > len(gradient(1, 200)) + len(gradient(5))
    skipped = {event["file_name"]: event for event in events if event["event"] == "skipped"}
    assert {name: event["reason"] for name, event in skipped.items()} == {
        "dead.png": "expired_link",
        "other.png": "unsupported_format",
    }
    assert skipped["dead.png"]["message_link"].startswith("https://discord.com/channels/")
    final = [event for event in events if event["event"] == "results" and event["final"]]
    assert [event["query"] for event in final] == [str(query)]
    found = json.loads(done.stdout)["results"]
    for fact in ("score", "verdict"):
        assert [result[fact] for result in final[0]["best"]] == [result[fact] for result in found]
    assert final[0]["best"][0]["file_name"] == "find me 🐱.png"
    assert events[-1] == final[0]


def test_a_program_that_follows_is_told_why_a_command_failed(export: Path, tmp_path: Path) -> None:
    done = ras("search", export, tmp_path / "“gone”.png", "--progress", "json")
    assert (done.returncode, done.stdout) == (2, "")
    (event,) = map(json.loads, done.stderr.splitlines())
    assert event["event"] == "error"
    assert "“gone”.png" in event["text"]
    for refused in (("--top-k", "many"), ("--nonsense",)):
        done = ras("search", export, tmp_path / "query.png", *refused, "--progress=json")
        assert (done.returncode, done.stdout) == (2, "")
        (event,) = map(json.loads, done.stderr.splitlines())
        assert event["event"] == "error"
        assert refused[-1] in event["text"]


def test_what_is_logged_is_a_line_of_json_too(export: Path, query: Path, ras_home: Path) -> None:
    (ras_home / "settings.json").write_text("{ damaged", "utf-8")
    call = ("search", export, query, "--encoder", "fingerprint")
    events = [json.loads(line) for line in ras(*call, "--progress", "json").stderr.splitlines()]
    assert [event["text"] for event in events if "are damaged" in event.get("text", "")]
    (ras_home / "settings.json").write_text("{ damaged", "utf-8")
    assert re.search(r"^The settings in .* are damaged", ras(*call).stderr, re.MULTILINE)


def test_help_and_version_need_no_package(tmp_path: Path) -> None:
    """With -S and an empty path there is nothing but the standard library."""
    for arguments, expected in (
        (["--help"], "exit codes"),
        (["--version"], "Reverse Archive Search"),
        (["search", "-h"], "--json"),
        (["search", "--help"], "--indexed"),
        (["index", "-h"], "--retry"),
        (["index", "-h"], "--progress"),
        (["archives", "-h"], "compact"),
        (["archives", "remove", "-h"], "--yes"),
    ):
        done = subprocess.run(
            [sys.executable, "-S", "-m", "ras", *arguments],
            cwd=REPOSITORY,
            capture_output=True,
            encoding="utf-8",
            check=False,
        )
        assert done.returncode == 0, done.stderr
        assert expected in done.stdout


def test_output_that_cannot_show_emoji_still_shows_the_results(export: Path, query: Path) -> None:
    done = ras("search", export, query, "--encoder", "fingerprint", PYTHONIOENCODING="ascii")
    assert done.returncode == 0, done.stderr
    assert "find me" in done.stdout
    done = ras("search", export, query, "--encoder", "fingerprint", "--json", PYTHONIOENCODING="ascii")
    assert json.loads(done.stdout)["results"][0]["file_name"] == "find me 🐱.png"
