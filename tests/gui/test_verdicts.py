"""What the window says of each answer and each result, what it holds back, and the ways on from there."""

from __future__ import annotations

import io
from dataclasses import replace
from pathlib import Path

import pytest
from PIL import Image, ImageChops

from ras.gui import shapes
from ras.gui.app import App
from ras.gui.tile import pill_colours, pill_size, sign_edge
from ras.records import MatchedRegion, Results, SearchReport, SearchResult, Verdict
from ras.settings import load_settings
from tests.gui.conftest import Driver
from tests.gui.pictures import picture
from tests.gui.streams import OTHER_PART, PART, WHOLE, AnswerBench, judged


def searched(driver: Driver, results: tuple[SearchResult, ...], **settings: object) -> App:
    app = driver.open(AnswerBench(results), **settings)
    app.inputs.open_archive(["stream.json"])
    app.inputs.load_query(picture(1), "one")
    driver.until(lambda: app.run.report is not None)
    driver.live(0.4)
    driver.until(lambda: app.results.complete)
    return app


def bench(app: App) -> AnswerBench:
    assert isinstance(app.bench, AnswerBench)
    return app.bench


def badges(app: App) -> list[str]:
    """What stands on the tiles, in their order."""
    canvas, grid = app.results.canvas, app.results
    tiles = [grid._tiles[result.record.key] for result in grid._results if result.record.key in grid._tiles]
    return [str(canvas.itemcget(tile._badge, "text")) for tile in tiles]


# -- tiles -------------------------------------------------------------------------------------------------------------


def test_tiles_say_the_verdict_in_a_word(driver: Driver) -> None:
    app = searched(driver, judged(1, 1, 1, 1))
    assert badges(app) == ["Identical", "Altered", "Alike 98 %"]
    app.show_rest()
    driver.live(0.1)
    assert badges(app) == ["Identical", "Altered", "Alike 98 %", "97 %"]


@pytest.mark.parametrize("choice", ["dark", "light"])
def test_every_pill_is_as_wide_as_its_word_and_has_its_colour(driver: Driver, choice: str) -> None:
    app = searched(driver, judged(1, 1, 1, 1), theme=choice)
    app.show_rest()
    driver.live(0.1)
    canvas, grid, theme = app.results.canvas, app.results, app.theme
    colours = set()
    for result in grid._results:
        tile = grid._tiles[result.record.key]
        box, face = canvas.bbox(tile._badge), canvas.coords(tile._face)
        photo = grid._images.ready(result, veiled=False) or grid._images.blank(
            grid.layout.face, grid._images.signs(result, grid.mark(result), grid.layout.face)
        )
        assert str(canvas.itemcget(tile._face, "image")) == str(photo)
        width, height = pill_size(theme, str(canvas.itemcget(tile._badge, "text")))
        left = face[0] + sign_edge(theme)
        assert left < box[0]
        assert box[2] < left + width
        assert width < grid.layout.face[0]
        ground, opacity, _ = pill_colours(theme, result.verdict)
        if opacity == 1.0:  # drawn as far as it should, and no farther
            row = sign_edge(theme) + height // 2
            drawn = [
                "#{:02x}{:02x}{:02x}".format(*app.root.tk.call(str(photo), "get", x, row))
                for x in (sign_edge(theme) + 1, sign_edge(theme) + width - 2, sign_edge(theme) + width + 2)
            ]
            assert [colour == ground for colour in drawn] == [True, True, False]
        colours.add((pill_colours(theme, result.verdict), str(canvas.itemcget(tile._badge, "fill"))))
    assert {fill for (_, _, fill), _ in colours} == {fill for _, fill in colours}
    assert {ground for (ground, _, _), _ in colours} == {theme.palette.accent, theme.palette.soft, "#000000"}


def test_while_a_search_runs_its_results_have_the_verdicts_known_so_far(driver: Driver) -> None:
    app = searched(driver, judged(1))
    app.run.forget()
    app.run._event(Results(judged(unlikely=2)))
    driver.live(0.1)
    assert badges(app) == ["100 %", "99 %"]
    app.run._event(Results(judged(identical=1, unlikely=1)))
    driver.live(0.1)
    assert badges(app) == ["Identical", "99 %"]
    assert app.results.amount == 2


# -- headline ----------------------------------------------------------------------------------------------------------


def test_what_is_less_alike_waits_behind_a_button(driver: Driver) -> None:
    app = searched(driver, judged(1, 2, 3, 20))
    assert app.centre.headline == "Found: 1 identical, 2 altered copies"
    assert app.centre.head.comment == "and 3 that look alike, the nearest first."
    assert app.results.amount == 6
    more = app.centre.head.button
    assert more.winfo_ismapped()
    assert more.cget("text") == "Show 20 more that are less alike"
    driver.press(more, "<Return>")
    assert app.results.amount == 26
    assert app.results.selection == app.results._results[6]  # the first of those that have come
    assert not more.winfo_ismapped()
    assert driver.root.focus_get() is app.results.canvas


def test_the_key_for_the_rest_works_where_there_is_one(driver: Driver) -> None:
    app = searched(driver, judged(1, unlikely=3))
    driver.press(app.results.canvas, "<F7>")
    assert app.results.amount == 4
    driver.press(app.results.canvas, "<Home>")
    driver.press(app.results.canvas, "<F7>")
    assert app.results.selection == app.results._results[0]


def test_a_picture_that_is_probably_not_there_is_not_answered_with_junk(driver: Driver) -> None:
    app = searched(driver, judged(unlikely=20))
    welcome = app.centre.welcome
    assert welcome.winfo_ismapped()
    assert welcome.headline == "Probably not in this archive"
    assert str(welcome._lines.cget("text")) == "The nearest is 100 % alike."
    assert app.results.amount == 0
    assert not app.details.winfo_ismapped()
    button = driver.root.focus_get()
    assert button is not None
    assert button.cget("text") == "Show the nearest all the same"
    app.update()  # as whatever ends in the background does
    assert driver.root.focus_get() is button
    driver.press(button, "<Return>")
    driver.live(0.1)
    assert app.results.amount == 20
    assert not welcome.winfo_ismapped()
    assert app.centre.headline == "Probably not in this archive"
    assert app.results.selection == app.results._results[0]
    assert driver.root.focus_get() is app.results.canvas


def test_what_somebody_looks_at_is_not_taken_away(driver: Driver) -> None:
    app = searched(driver, judged(1))
    results = judged(1, unlikely=3)
    app.run.forget()
    app.run._event(Results(results))
    app.results.select(2)
    app.run._answer(SearchReport("realtime", "x", "cpu", 4, {}, results), "all", 4)
    assert app.results.selection == results[2]
    assert app.results.amount == 4


def test_the_button_for_more_is_never_cut_off(driver: Driver) -> None:
    app = searched(driver, judged(12, 12, 12, 12))
    for geometry in ("1240x800", "900x600", "760x540"):
        driver.root.geometry(geometry)
        driver.live(0.4)
        head, button = app.centre.head, app.centre.head.button
        for part in (head._head, head._comment, button):
            assert part.winfo_ismapped()
            assert part.winfo_height() >= part.winfo_reqheight()
            assert part.winfo_width() >= part.winfo_reqwidth()
            assert part.winfo_x() + part.winfo_width() <= head.winfo_width()
        assert app.results.winfo_y() >= head.winfo_y() + head.winfo_height()


# -- what is to be found -----------------------------------------------------------------------------------------------


def scopes(app: App) -> list[str]:
    return [scope for _, scope in bench(app).searched]


def test_another_scope_searches_again_and_is_remembered(driver: Driver) -> None:
    app = searched(driver, judged(1, 1, 2, 3))
    assert app.query_panel.scope_button.cget("text") == "Copies and look-alikes"
    app.query_panel.scope_menu.invoke(1)
    driver.until(lambda: app.run.report is not None and not app.run.running)
    assert scopes(app) == ["all", "copies"]
    assert app.query_panel.scope_button.cget("text") == "Only copies"
    assert app.results.amount == 2
    assert app.centre.head.comment == "Only copies are shown."
    app.saving.finish()
    assert load_settings().scope == "copies"
    app.query_panel.scope_menu.invoke(1)  # the same again is no reason
    driver.live(0.1)
    assert scopes(app) == ["all", "copies"]
    app.choose_scope("alike")
    driver.until(lambda: not app.run.running)
    assert app.centre.headline == "2 pictures look alike"
    again = driver.open(AnswerBench(()), scope="alike")
    assert again.query_panel.scope_button.cget("text") == "Only look-alikes"


def test_without_a_search_a_scope_is_only_chosen(driver: Driver) -> None:
    app = driver.open(AnswerBench(judged(1)))
    app.choose_scope("copies")
    app.inputs.open_archive(["stream.json"])
    driver.until(lambda: app.inputs.archive is not None)
    app.choose_scope("alike")
    driver.live(0.1)
    assert scopes(app) == []
    assert not app.run.running


def test_modes_and_scopes_are_in_the_menu(driver: Driver) -> None:
    app = searched(driver, judged(1))
    menu = next(menu for menu in app.menu_bar._menus if app.menu_bar._menus.index(menu) == 1)
    app.menu_bar._fill(menu, "Search")
    labels = {
        menu.entrycget(place, "label"): place
        for place in range(menu.index("end") + 1)
        if menu.type(place) != "separator"
    }  # type: ignore[operator]
    menu.invoke(labels["Real-time"])
    assert app.settings.mode == "realtime"
    assert app.query_panel.mode_shown.startswith("Real-time")
    menu.invoke(labels["Only copies"])
    assert app.settings.scope == "copies"
    driver.until(lambda: scopes(app) == ["all", "copies"])


def test_the_choice_opens_by_keyboard(driver: Driver) -> None:
    app = searched(driver, judged(1))
    button, menu = app.query_panel.scope_button, app.query_panel.scope_menu
    driver.press(button, "<Return>")
    driver.live(0.1)
    assert menu.winfo_ismapped()
    menu.unpost()
    driver.root.event_generate("<Escape>")
    driver.live(0.1)


@pytest.mark.parametrize(
    ("scope", "results", "headline", "label"),
    [
        (
            "copies",
            judged(alike=2, unlikely=2),
            "No copy of this picture in the archive",
            "Search for look-alikes, too",
        ),
        ("alike", judged(identical=1), "Probably nothing alike in this archive", "Search for copies, too"),
    ],
)
def test_nothing_of_what_was_asked_for_leads_to_all(
    driver: Driver, scope: str, results: tuple[SearchResult, ...], headline: str, label: str
) -> None:
    app = searched(driver, results, scope=scope)
    assert app.centre.welcome.headline == headline
    button = driver.root.focus_get()
    assert button is not None
    assert button.cget("text") == label
    driver.press(button, "<Return>")
    driver.until(lambda: app.results.amount)
    assert scopes(app) == [scope, "all"]
    assert app.settings.scope == "all"
    assert app.query_panel.scope_button.cget("text") == "Copies and look-alikes"


# -- details -----------------------------------------------------------------------------------------------------------


def test_details_say_what_it_is_what_changed_and_why(driver: Driver) -> None:
    app = searched(driver, judged(altered=1, alike=1))
    assert app.details.verdict.text == (
        "Same picture, altered\nCropped, mirrored\n100 % alike by the fingerprint\n143 points match, brightness to 93 %"
    )
    driver.press(app.results.canvas, "<Right>")
    driver.live(0.05)
    assert app.details.verdict.text == "Looks alike\n99 % alike by the fingerprint"
    driver.root.geometry("900x600")
    driver.live(0.4)
    driver.press(app.results.canvas, "<Left>")
    driver.live(0.05)
    assert app.details.verdict.text == (
        "Same picture, altered\nCropped, mirrored\n100 % alike\n143 points match, brightness to 93 %"
    )


def test_what_matches_is_outlined_on_both_pictures(driver: Driver) -> None:
    app = searched(driver, judged(altered=1, alike=1))
    assert app.details.region == OTHER_PART
    assert app.query_panel.zone.region == PART
    app.results.select(1)
    driver.live(0.05)
    assert app.details.region == ()
    assert app.query_panel.zone.region == ()
    app.results.select(0)
    app.inputs.load_query(picture(2), "two")
    driver.until(lambda: app.inputs.query is not None and app.inputs.query.query.name == "two")
    app.run.forget()
    assert app.query_panel.zone.region == ()


def test_the_outline_is_seen(driver: Driver, monkeypatch: pytest.MonkeyPatch) -> None:
    framed: list[tuple[Image.Image, bool]] = []
    frame = shapes.framed

    def spy(*given: object, **more: object) -> Image.Image:
        with_line = frame(*given, **more)  # type: ignore[arg-type]
        without = frame(*given, **{**more, "region": ()})  # type: ignore[arg-type]
        framed.append((with_line, ImageChops.difference(with_line, without).getbbox() is not None))
        return with_line

    app = searched(driver, judged(altered=1, alike=1))
    app.results.select(1)
    driver.live(0.05)
    monkeypatch.setattr(shapes, "framed", spy)
    app.results.select(0)
    driver.live(0.05)
    assert [outlined for _, outlined in framed] == [True, True]


def test_a_spoiler_is_not_outlined_before_it_is_shown(driver: Driver) -> None:
    altered = judged(altered=1)[0]
    app = searched(driver, (replace(altered, record=replace(altered.record, file_name="SPOILER_a.png")),))
    assert app.details.region == app.query_panel.zone.region == ()
    assert app.actions.more_like.possible(app.results._results[0]) is False
    driver.press(app.results.canvas, "<space>")
    assert app.details.region == OTHER_PART
    assert app.query_panel.zone.region == PART
    assert app.actions.more_like.possible(app.results._results[0])


def test_what_is_practically_the_whole_picture_is_not_outlined(driver: Driver) -> None:
    nearly = tuple((0.01 + 0.98 * x, 0.01 + 0.98 * y) for x, y in WHOLE)
    altered = replace(judged(altered=1)[0], matched_region=MatchedRegion(nearly, PART))
    app = searched(driver, (altered,))
    assert app.query_panel.zone.region == ()
    assert app.details.region == PART


# -- more like this ----------------------------------------------------------------------------------------------------


def named(app: App) -> str:
    return app.inputs.query.query.name if app.inputs.query is not None else ""


def test_more_like_this_searches_for_the_preview(driver: Driver) -> None:
    app = searched(driver, judged(1, 1))
    driver.press(app.results.canvas, "<Right>")
    driver.press(app.results.canvas, "<Control-l>")
    driver.until(lambda: len(bench(app).searched) == 2)
    assert bench(app).searched == [("one", "all"), ("view-1.png", "all")]
    assert app.inputs.query is not None
    assert app.inputs.query.query.image.size == (256, 192)


def test_more_like_this_prefers_the_media_file(driver: Driver, tmp_path: Path) -> None:
    file = tmp_path / "view.png"
    picture(3, (640, 480)).save(file)
    first, *others = judged(1, 1)
    record = replace(first.record, local_path=str(file), media_root=str(tmp_path))
    app = searched(driver, (replace(first, record=record), *others))
    board = app.details.board
    button = next(button for action, button in board.buttons if action is app.actions.more_like)
    driver.press(button, "<Return>")
    driver.until(lambda: named(app) == "view-0.png")
    assert app.inputs.query is not None
    assert app.inputs.query.query.image.size == (640, 480)


def test_a_media_file_of_another_kind_gives_way_to_the_preview(driver: Driver, tmp_path: Path) -> None:
    file = tmp_path / "view.gif"
    buffer = io.BytesIO()
    picture(3, (640, 480)).save(buffer, "GIF")
    file.write_bytes(buffer.getvalue())
    first = judged(1)[0]
    record = replace(first.record, local_path=str(file), media_root=str(tmp_path))
    app = searched(driver, (replace(first, record=record),))
    app.actions.more_like.run(app.results._results[0])
    driver.until(lambda: named(app) == "view-0.png")
    assert app.inputs.query is not None
    assert app.inputs.query.query.image.size == (256, 192)


def test_more_like_this_needs_a_picture(driver: Driver) -> None:
    app = searched(driver, judged(1))
    bare = replace(app.results._results[0], preview=None)
    assert not app.actions.more_like.possible(bare)
    gone = replace(bare, record=replace(bare.record, local_path="/nowhere/view-0.png", media_root="/nowhere"))
    app.actions.more_like.run(gone)
    driver.until(lambda: app.notices.sentences)
    assert app.notices.sentences[-1] == ("Error", "“view-0.png” is not on this computer.")
    assert named(app) == "one"


# -- a query that cannot be found --------------------------------------------------------------------------------------


def test_a_blank_query_is_one_sentence_and_the_one_before_stays(driver: Driver, tmp_path: Path) -> None:
    app = searched(driver, judged(1, 1))
    blank = tmp_path / "white.png"
    Image.new("RGB", (400, 300), "white").save(blank)
    app.inputs.load_query(str(blank))
    driver.until(lambda: app.notices.sentences)
    kind, sentence = app.notices.sentences[-1]
    assert kind == "Error"
    assert sentence.startswith("“white.png” has too little in it to be found")
    assert named(app) == "one"
    assert str(app.query_panel._name.cget("text")) == "one"
    assert app.results.amount == 2
    assert bench(app).searched == [("one", "all")]


def test_a_pill_knows_every_verdict(driver: Driver) -> None:
    app = driver.open(AnswerBench(()))
    assert len({pill_colours(app.theme, verdict) for verdict in Verdict}) == 3
