"""“Messages around it”: shown in the details of a result, from its export, when they are asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ras.archive.context import NearbyMessage
    from ras.gui.app import App
    from ras.records import SearchResult
    from ras.worker import Ticket


class MessagesAround:
    """Asked for again, it gives way to the message alone; so it does when another result is selected."""

    def __init__(self, app: App) -> None:
        self._app = app
        self._looking: Ticket | None = None
        self._key = ""
        """Of the record whose messages are shown or looked for."""
        app.selection.watchers.append(self._selected)

    @property
    def possible(self) -> bool:
        return self._app.results.selection is not None and self._app.inputs.archive is not None

    @property
    def shown(self) -> bool:
        return bool(self._key)

    def toggle(self) -> None:
        from ras.archive.context import messages_around

        app, result, facts = self._app, self._app.results.selection, self._app.inputs.archive
        if result is None or facts is None:
            return
        app.selection.settle()
        if self.shown:
            self._forget()
            app.details.show_message_alone()
            return
        record, paths = result.record, facts.archive.paths

        def done(messages: tuple[NearbyMessage, ...]) -> None:
            self._looking = None
            app.status.say("")
            app.details.show_around(record.key, messages)

        def failed(error: BaseException) -> None:
            self._forget()
            app.status.say("")
            app.failed(error)

        self._key = record.key
        app.status.say("Looking for the messages around it …")
        self._looking = app.pump.start(app.chores, lambda: messages_around(paths, record), done=done, failed=failed)

    def _selected(self, result: SearchResult | None) -> None:
        if result is None or result.record.key != self._key:
            self._forget()

    def _forget(self) -> None:
        self._key = ""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
            self._app.status.say("")
