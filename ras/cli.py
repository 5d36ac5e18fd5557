"""The command line: the same jobs as in the window. Nothing but results goes to standard output."""

from __future__ import annotations

import argparse
import dataclasses
import io
import json
import logging
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Sequence, TextIO, TypeVar

from ras import __version__
from ras.errors import ArchiveError, DecodeError, ModeError, RASError, SettingsError, SkipReason
from ras.launch.commands import COMMANDS

if TYPE_CHECKING:
    from ras.records import Job, SearchReport, SearchResult

T = TypeVar("T")

FOUND, NOTHING_FOUND, USER_ERROR, FAILURE, INTERRUPTED = 0, 1, 2, 3, 130

EXIT_CODES = """\
exit codes:
  0    success
  1    the search found nothing
  2    something in the call is wrong: an option, a file, an archive that cannot be read
  3    failure: the encoder that was asked for cannot be had, or a fault in RAS
  130  interrupted
"""

EXAMPLES = """\
examples:
  python run_app.py                                          open the window
  python run_app.py search channel.json picture.png          search from the command line
  python run_app.py search channel.json picture.png --json   the same for a program
  python run_app.py doctor                                   what works here and what does not
"""


def build_parser() -> argparse.ArgumentParser:
    from ras.settings import ENCODERS, MODES, Settings

    defaults = Settings()
    parser = argparse.ArgumentParser(
        prog="run_app.py",
        description="Find where in a Discord archive a picture was posted, by whom, and when.",
        epilog=f"{EXAMPLES}\n{EXIT_CODES}",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--version", action="version", version=f"Reverse Archive Search {__version__}")
    commands = parser.add_subparsers(
        title="commands (without one, the window opens)", dest="command", metavar="COMMAND"
    )

    search = commands.add_parser(
        "search",
        help="search an archive for a picture",
        description="Search a Discord archive for a picture. Results are ranked, the nearest first.",
        epilog=EXIT_CODES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    search.add_argument("archive", metavar="ARCHIVE", help="an export: a JSON file of DiscordChatExporter")
    search.add_argument("picture", metavar="PICTURE", help="the picture to search for: PNG or JPEG")
    search.add_argument(
        "--mode",
        choices=["auto", *MODES],
        default=None,
        help="how to search; a mode that cannot be used falls back to the next (default: auto)",
    )
    search.add_argument("--top-k", type=int, metavar="N", help=f"how many results to show (default: {defaults.top_k})")
    search.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    search.add_argument(
        "--encoder",
        choices=ENCODERS,
        default=None,
        help="what pictures are compared by; auto takes CLIP where it can be had, else the fingerprint",
    )
    search.add_argument("--clip-model", metavar="NAME", help=f"a published CLIP model (default: {defaults.clip_model})")
    search.add_argument("--clip-weights", metavar="FILE", help="a file with CLIP weights, instead of the download")
    search.add_argument("--device", metavar="DEVICE", help="auto, cpu, cuda, cuda:1, mps (default: auto)")
    search.add_argument(
        "--all-formats", action="store_true", help="search WebP, GIF and BMP pictures too (their first frame)"
    )
    search.add_argument(
        "--media", action="append", metavar="FOLDER", help="a folder in which the archive's media may lie"
    )
    search.add_argument(
        "--allow-host",
        action="append",
        metavar="HOST",
        help="a host to download from besides Discord's (host or host:port)",
    )

    doctor = commands.add_parser("doctor", help="say what works here and what does not, and the way out")
    doctor.add_argument("--json", action="store_true", help="print one JSON object instead of text")
    for name, text in COMMANDS.items():  # the launcher's own
        commands.add_parser(name, help=text)
    return parser


def main(argv: Sequence[str] | None = None) -> int:
    """Run one command; returns the exit code. Arguments that argparse refuses exit with 2."""
    arguments = list(sys.argv[1:] if argv is None else argv)
    # Read when numpy is imported. The fingerprint's products are small, and the pipeline has threads of its own: with
    # OpenBLAS's beside them, indexing took 12.7 s of CPU time where it takes 5.5 s without. torch is not affected.
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    for name in ("stdout", "stderr"):
        stream = getattr(sys, name)
        if stream is None:  # there is none without a console (pythonw), or it was closed
            setattr(sys, name, open(os.devnull, "w", encoding="utf-8"))  # noqa: SIM115  for as long as the program runs
        elif isinstance(stream, io.TextIOWrapper):
            # A console or pipe that cannot show an emoji shows its number.
            stream.reconfigure(errors="backslashreplace")
    logging.basicConfig(format="%(message)s", level=logging.WARNING)
    logging.captureWarnings(True)  # Pillow warns of odd metadata in the middle of a progress bar
    logging.getLogger("py.warnings").setLevel(logging.ERROR)
    try:
        code = _run(arguments)
        sys.stdout.flush()
        return code
    except KeyboardInterrupt:
        print("Interrupted.", file=sys.stderr)
        return INTERRUPTED
    except BrokenPipeError:  # whoever reads the results has seen enough, as in “| head”
        # What is left in the buffer would fail once more when the program ends.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return FOUND
    except (ArchiveError, DecodeError, SettingsError, ModeError) as exc:
        print(exc, file=sys.stderr)
        return USER_ERROR
    except RASError as exc:
        print(exc, file=sys.stderr)
        return FAILURE
    except Exception as exc:  # noqa: BLE001  a bug: kept whole in the log, one sentence for the user
        print(f"RAS failed, which is a fault of the program: {exc!r}. Details are in {_log_crash()}.", file=sys.stderr)
        return FAILURE


def _run(arguments: list[str]) -> int:
    files = bool(arguments) and all(not argument.startswith("-") and os.path.exists(argument) for argument in arguments)
    if not arguments or files:  # files alone: opened with the program, or dropped on its icon
        from ras.gui import main as open_window
        from ras.settings import load_settings

        return open_window(load_settings(), arguments)
    if arguments[0] in COMMANDS and not {"-h", "--help"}.intersection(arguments):
        from ras.launch import main as launch

        return launch(arguments)
    options = build_parser().parse_args(arguments)
    if options.command == "doctor":
        from ras.doctor import main as doctor

        return doctor(as_json=options.json)
    return _search(options)


def run() -> None:
    """The entry point of the installed ``ras`` command."""
    sys.exit(main())


def _search(options: argparse.Namespace) -> int:
    from ras.archive import read_archive
    from ras.engine import build_engine
    from ras.images import load_query
    from ras.settings import load_settings

    settings = load_settings()
    chosen: dict[str, Any] = {
        "mode": options.mode,
        "top_k": options.top_k,
        "encoder": options.encoder,
        "clip_model": options.clip_model,
        "clip_weights": options.clip_weights,
        "device": options.device,
        "extra_formats": options.all_formats or None,
        "media_folders": settings.media_folders + tuple(options.media) if options.media else None,
        "allowed_hosts": settings.allowed_hosts + tuple(options.allow_host) if options.allow_host else None,
    }
    settings = dataclasses.replace(settings, **{name: value for name, value in chosen.items() if value is not None})
    query = load_query(options.picture)
    archive = _follow(read_archive([options.archive]))
    for warning in archive.warnings:
        _say(warning)
    engine = _follow(build_engine(settings))
    report = _follow(engine.search(query, archive, settings.mode, settings.top_k))
    try:
        if options.json:
            json.dump(
                _as_json(report, settings.media_folders), sys.stdout, indent=2, ensure_ascii=not _is_unicode(sys.stdout)
            )
            print()
        else:
            _show(report, settings.media_folders)
        sys.stdout.flush()
    except BrokenPipeError:
        raise
    except OSError as exc:  # e.g. the disk is full
        raise RASError(f"The results could not be written: {exc.strerror or exc}.") from exc
    return FOUND if report.results else NOTHING_FOUND


def _follow(job: Job[T]) -> T:
    """Run a job to its end; progress (on a terminal) and notices go to standard error."""
    from ras.records import Notice, Progress

    bar = None
    try:
        while True:
            try:
                event = next(job)
            except StopIteration as stop:
                result: T = stop.value
                return result
            if isinstance(event, Notice):
                _say(event.text)
            elif isinstance(event, Progress) and sys.stderr.isatty():
                bar = _draw(event, bar)
    finally:
        job.close()
        if bar is not None:
            bar.close()


def _draw(progress: Any, bar: Any) -> Any:
    from tqdm import tqdm

    if bar is None or bar.desc != f"{progress.stage}: ":
        if bar is not None:
            bar.close()
        in_bytes = progress.unit == "bytes"
        bar = tqdm(
            desc=progress.stage,
            total=progress.total,
            unit="B" if in_bytes else f" {progress.unit}",
            unit_scale=in_bytes,
            file=sys.stderr,
            dynamic_ncols=True,
            leave=False,
        )
    bar.total = progress.total
    bar.update(progress.done - bar.n)
    return bar


def _say(sentence: str) -> None:
    from tqdm import tqdm

    from ras.text import clean

    tqdm.write(clean(sentence), file=sys.stderr)  # above a progress bar, if there is one


def _show(report: SearchReport, media_folders: Sequence[str]) -> None:
    from ras.text import clean, count, percent

    for result in report.results:
        record = result.record
        when = record.timestamp.astimezone().strftime("%Y-%m-%d %H:%M")
        lines = [
            f"{result.rank:>3}. {result.score:6.1%}  {clean(record.author)} in #{clean(record.channel.name)}, {when}",
            *map(clean, (record.file_name, record.url, record.message_link, _path(result, media_folders) or "")),
        ]
        print("\n             ".join(line for line in lines if line))
    skipped = ", ".join(f"{number:,} {SkipReason(reason).text}" for reason, number in sorted(report.skipped.items()))
    _say(
        f"Compared {count(report.searched, 'picture')} by {report.encoder} on {report.device}"
        + (f"; skipped {skipped}." if skipped else ".")
        + ("" if report.results else " Nothing was found.")
    )
    if report.results and not report.is_convincing:
        _say(f"Nothing convincing: the best is {percent(report.results[0].score)}.")


def _as_json(report: SearchReport, media_folders: Sequence[str]) -> dict[str, Any]:
    return {
        "mode": report.mode,
        "encoder": report.encoder,
        "device": report.device,
        "searched": report.searched,
        "skipped": report.skipped,
        "results": [
            {
                "rank": result.rank,
                "score": round(result.score, 6),
                "message_id": result.record.message_id,
                "attachment_id": result.record.attachment_id,
                "file_name": result.record.file_name,
                "url": result.record.url,
                "message_link": result.record.message_link,
                "author": result.record.author,
                "channel": result.record.channel.name,
                "timestamp": result.record.timestamp.isoformat(),
                "path": _path(result, media_folders),
            }
            for result in report.results
        ],
    }


def _path(result: SearchResult, media_folders: Sequence[str]) -> str | None:
    from ras.media import media_path

    path = media_path(result.record, media_folders)
    return None if path is None else str(path)


def _is_unicode(stream: TextIO) -> bool:
    return (stream.encoding or "").lower().replace("-", "").startswith("utf")


def _log_crash() -> Path:
    """Write the exception that is being handled, with its traceback, to the log; where that is."""
    import traceback

    from ras.paths import data_folder

    path = data_folder() / "logs" / "crash.log"
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("a", encoding="utf-8") as file:
        traceback.print_exc(file=file)
    return path
