"""How RAS is, in plain words: section by section, as the window shows it and the doctor prints it."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from datetime import datetime
from typing import Any

from ras.crashes.places import without_home
from ras.health.facts import NONE, READ_ONLY, UNUSABLE, WRITABLE, Health
from ras.health.limits import ENOUGH_DISK
from ras.text import clean, count, size, whole

FINE, TROUBLE = "fine", "trouble"

_UNKNOWN = "Unknown, since the store cannot be opened."


@dataclass(frozen=True)
class Line:
    name: str
    value: str
    share: float | None = None
    """Of all lines of its kind, 0 to 1, where that says something."""


@dataclass(frozen=True)
class Section:
    title: str
    state: str
    """``FINE``, or ``TROUBLE`` where somebody should have a look."""
    sentence: str
    lines: tuple[Line, ...] = ()
    remedy: str = ""
    """What can be done about it."""


def sections(health: Health) -> tuple[Section, ...]:
    return (
        _store(health),
        _verified(health),
        _aside(health),
        _left_out(health),
        _crashes(health),
        _limits(health),
        _places(health),
    )


def headline(health: Health) -> str:
    """All of it in one sentence."""
    troubles = [section.title for section in sections(health) if section.state == TROUBLE]
    if not troubles:
        return "Everything is in order."
    return f"{count(len(troubles), 'thing')} to look at: {', '.join(troubles)}."


def as_text(health: Health) -> str:
    """To be copied and sent: the user’s folder is ``~``."""
    blocks = [headline(health)]
    for section in sections(health):
        lines = [f"{'!' if section.state == TROUBLE else '-'} {section.title}: {section.sentence}"]
        lines += [f"    {line.name}: {line.value}" for line in section.lines]
        lines += [f"    {section.remedy}"] if section.remedy else []
        blocks.append("\n".join(lines))
    return without_home("\n".join(["How Reverse Archive Search is", "", *blocks, ""]))


def as_json(health: Health) -> dict[str, Any]:
    store, last = health.store, health.store.verified
    return {
        "in_order": all(section.state == FINE for section in sections(health)),
        "store": {
            "folder": str(store.folder),
            "state": store.state,
            "sentences": list(store.sentences),
            "archives": None if store.state == UNUSABLE else store.archives,
            "usage": None if store.usage is None else asdict(store.usage),
        },
        "verified": None if last is None else {"at": last.at.isoformat(), **asdict(last.report)},
        "set_aside": [
            {"path": str(each.path), "bytes": each.bytes, "at": each.at.isoformat()} for each in health.aside
        ],
        "left_out": None if store.state == UNUSABLE else {reason.value: number for reason, number in store.failures},
        "limits": [asdict(limit) for limit in health.limits],
        "data_folder": str(health.data_folder),
        "free_bytes": health.free,
        "log": str(health.log),
        "crash_reports": [{"path": str(each.path), "at": each.made.isoformat()} for each in health.crashes],
    }


def _store(health: Health) -> Section:
    store, usage = health.store, health.store.usage
    none_yet = "No archive is indexed yet. What searches need of one will be kept here."
    if store.state == NONE:
        return Section("Store", FINE, none_yet)
    if usage is None:
        return Section("Store", TROUBLE, " ".join(store.sentences))
    if store.state == WRITABLE and not store.archives and not store.sentences:
        return Section("Store", FINE, none_yet)
    parts = {
        "Embeddings": usage.embedding_bytes,
        "Details": usage.feature_bytes,
        "Previews": usage.preview_bytes,
        "FAISS index": usage.index_bytes,
        "Set aside": sum(each.bytes for each in health.aside if store.folder in each.path.parents),
    }
    parts["Messages and the rest"] = max(0, usage.total_bytes - sum(parts.values()))
    total = max(1, sum(parts.values()))
    lines = tuple(Line(name, size(taken), taken / total) for name, taken in parts.items() if taken)
    holds = f"{count(store.archives, 'archive')}, {count(usage.pictures, 'picture')}, {size(usage.total_bytes)}."
    if store.state == READ_ONLY:
        sentence = f"{holds} It cannot be written: searches work, nothing more can be indexed."
        return Section("Store", TROUBLE, sentence, lines, "Give yourself the right to write to its folder.")
    if store.sentences:
        return Section("Store", TROUBLE, f"{holds} {' '.join(store.sentences)}", lines)
    return Section("Store", FINE, f"{holds} It can be searched and written.", lines)


def _verified(health: Health) -> Section:
    last = health.store.verified
    if health.store.state == NONE:
        return Section("Last verification", FINE, "There is nothing to verify yet.")
    if last is None and health.store.state == UNUSABLE:
        return Section("Last verification", FINE, _UNKNOWN)
    if last is None:
        return Section("Last verification", FINE, "Not yet. “Verify” reads everything through and says what it finds.")
    if not last.report.damaged:
        return Section("Last verification", FINE, f"{when(last.at)}: everything was as it was written.")
    found = " ".join(clean(sentence, longest=400) for sentence in last.report.damaged[:3])
    more = len(last.report.damaged) - 3
    remedy = "Verify again once the archives are indexed anew."
    if last.report.to_make:
        remedy = f"{last.report.to_make} must be made anew: open the archives and index them; then verify again."
    told = f"{when(last.at)}: {count(len(last.report.damaged), 'damaged part')}. {found}"
    return Section(
        "Last verification", TROUBLE, told + (f" And {whole(more)} more." if more > 0 else ""), remedy=remedy
    )


def _aside(health: Health) -> Section:
    if not health.aside:
        return Section("Set aside", FINE, "Nothing was damaged and set aside.")
    lines = [
        Line(clean(each.path.name, longest=120), f"{size(each.bytes)}, {when(each.at)}") for each in health.aside[:8]
    ]
    if len(health.aside) > 8:
        lines.append(Line("…", f"{whole(len(health.aside) - 8)} more"))
    taken = size(sum(each.bytes for each in health.aside))
    sentence = f"{count(len(health.aside), 'damaged thing')}, {taken}, out of use."
    remedy = "It stays until “Clear” deletes it: somebody may still get something back from it."
    return Section("Set aside", TROUBLE, sentence, tuple(lines), remedy)


def _left_out(health: Health) -> Section:
    if health.store.state == UNUSABLE:
        return Section("Left out", FINE, _UNKNOWN)
    failures = health.store.failures
    total = sum(number for _, number in failures)
    if not total:
        return Section("Left out", FINE, "No picture of the indexed archives was left out.")
    lines = tuple(Line(reason.text[:1].upper() + reason.text[1:], f"{whole(n)}", n / total) for reason, n in failures)
    sentence = f"{count(total, 'picture')} of the indexed archives could not be had."
    remedy = "“Left out of the index”, in the menu View of an open archive, says which, and what can be done."
    return Section("Left out", FINE, sentence, lines, remedy)


def _crashes(health: Health) -> Section:
    if not health.crashes:
        return Section("Crash reports", FINE, "None: RAS has not crashed.")
    latest = when(health.crashes[0].made)
    sentence = f"{count(len(health.crashes), 'report')} in the folder “crashes”, the last of {latest}."
    remedy = "Nothing that people wrote is in a report: read it, and send it to report the fault."
    return Section("Crash reports", TROUBLE, sentence, remedy=remedy)


def _limits(health: Health) -> Section:
    lines = tuple(Line(limit.name, limit.value) for limit in health.limits)
    free = health.free
    if free is None:
        return Section("Limits and disk", TROUBLE, "How much of the disk is free cannot be told.", lines)
    if free < ENOUGH_DISK:
        remedy = "Make room, or name a folder on another disk in the environment variable RAS_HOME."
        return Section("Limits and disk", TROUBLE, f"Only {size(free)} of the disk are free.", lines, remedy)
    return Section("Limits and disk", FINE, f"{size(free)} of the disk are free.", lines)


def _places(health: Health) -> Section:
    lines = (
        Line("Data folder", clean(str(health.data_folder), longest=400)),
        Line("Log file", clean(str(health.log), longest=400)),
    )
    return Section("Places", FINE, "Everything that RAS keeps lies in its data folder.", lines)


def when(at: datetime) -> str:
    """As the doctor writes dates: ``2026-11-26 07:15``, in the time of this computer."""
    return at.astimezone().strftime("%Y-%m-%d %H:%M")
