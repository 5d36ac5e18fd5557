"""What can be cleared on the health page: what it is called, what is asked before, and what is done."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Callable

from ras.crashes.folder import delete_reports
from ras.errors import StoreError
from ras.health.aside import clear_set_aside
from ras.health.care import clear_everything, forget_failures
from ras.health.facts import READ_ONLY, UNUSABLE
from ras.records import Job
from ras.text import count, size, whole

if TYPE_CHECKING:
    from ras.health import Health


@dataclass(frozen=True)
class Clearing:
    label: Callable[[Health], str]
    """The entry of the menu, with how much it is."""
    why_not: Callable[[Health], str]
    """Why there is nothing to clear, or it cannot be done; empty where it can."""
    question: Callable[[Health], str]
    yes: str
    job: Callable[[], Job[Any]]
    said: Callable[[Any], str]


def _aside(health: Health) -> str:
    return size(sum(each.bytes for each in health.aside))


def _failures(health: Health) -> int:
    return sum(number for _, number in health.store.failures)


def _all(health: Health) -> int:
    whole = health.store.usage.total_bytes if health.store.usage is not None else 0
    outside = sum(each.bytes for each in health.aside if health.store.folder not in each.path.parents)
    return whole + outside


def _store_why_not(health: Health, there: int, nothing: str) -> str:
    if health.store.state == UNUSABLE:  # first: nobody knows what there is
        return "the store cannot be opened"
    if health.store.state == READ_ONLY:
        return "the store cannot be written"
    return "" if there else nothing


def _delete_reports() -> Job[None]:
    yield from ()
    try:
        delete_reports()
    except OSError as exc:
        raise StoreError(f"The reports of crashes could not be deleted: {exc.strerror or exc}.") from exc


CLEARINGS = {
    "aside": Clearing(
        label=lambda health: f"What was set aside ({_aside(health)}) …",
        why_not=lambda health: "" if health.aside else "nothing was set aside",
        question=lambda health: (
            f"Delete what was set aside ({count(len(health.aside), 'thing')}, {_aside(health)})? It is damaged and not "
            "used any more, but nobody can bring it back then."
        ),
        yes="Delete",
        job=clear_set_aside,
        said=lambda freed: f"Deleted what was set aside; {size(freed)} were freed.",
    ),
    "failures": Clearing(
        label=lambda health: f"What could not be had ({count(_failures(health), 'picture')}) …",
        why_not=lambda health: _store_why_not(health, _failures(health), "no picture was left out"),
        question=lambda health: (
            f"Forget why {count(_failures(health), 'picture')} could not be had? The next indexing of their archives "
            "tries them all again, which asks the servers again. No room is freed."
        ),
        yes="Forget",
        job=forget_failures,
        said=lambda number: f"Forgotten: the next indexing tries {count(number, 'picture')} again.",
    ),
    "reports": Clearing(
        label=lambda health: f"Reports of crashes ({whole(len(health.crashes))}) …",
        why_not=lambda health: "" if health.crashes else "there are none",
        question=lambda health: f"Delete {count(len(health.crashes), 'report')} of crashes?",
        yes="Delete",
        job=_delete_reports,
        said=lambda _: "The reports of crashes are deleted.",
    ),
    "everything": Clearing(
        label=lambda health: f"The whole index ({size(_all(health))}) …",
        why_not=lambda health: _store_why_not(health, health.store.archives, "no archive is indexed"),
        question=lambda health: (
            f"Delete the whole index ({count(health.store.archives, 'archive')}, about {size(_all(health))})? Exports "
            "and pictures on the disk stay. Pictures whose links have died, and that lie nowhere else, are lost."
        ),
        yes="Delete all",
        job=clear_everything,
        said=lambda freed: f"The index is empty; {size(freed)} were freed.",
    ),
}
"""What is called so in the program → how it is cleared; in the order of the menu."""
