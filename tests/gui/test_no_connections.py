"""The window asks nobody for what lies on this computer."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from tests.exports import attachment, make_export, message
from tests.gui.conftest import Driver
from tests.program import gradient


def test_the_window_connects_to_nobody(driver: Driver, tmp_path: Path, connected: list[Any]) -> None:
    posts = [message(f"post {seed}", [attachment(f"{seed}.png", data=gradient(seed))]) for seed in range(3)]
    posts.append(message("", [attachment("dead.png", url="https://cdn.discordapp.com/attachments/1/2/dead.png")]))
    export = make_export(tmp_path / "export", messages=posts, media=True)
    query = tmp_path / "query.png"
    query.write_bytes(gradient(1, 200))
    app = driver.open()
    app.inputs.open_archive([str(export)])
    driver.until(lambda: app.inputs.archive is not None)
    app.inputs.take_files([str(query)])
    driver.until(lambda: app.run.report is not None)
    app.index.start()
    driver.until(lambda: not app.index.run.running)
    for keys in ("<F4>", "<Escape>", "<Control-Shift-M>", "<Control-Shift-C>", "<F1>"):
        driver.press(driver.root, keys)
        driver.live(0.2)
    assert connected == []
