"""The bar of sentences, and what its button does."""

from __future__ import annotations

from ras.gui.notices import NoticeBar
from ras.gui.theme import has_focus
from tests.gui.conftest import Driver


def bar(driver: Driver) -> NoticeBar:
    driver.root.deiconify()
    made = NoticeBar(driver.root, driver.theme)
    made.grid()
    driver.root.update()
    return made


def test_the_button_does_what_is_offered_once_and_no_other_sentence_is_lost(driver: Driver) -> None:
    notices = bar(driver)
    done: list[str] = []
    notices.say("Something else.")
    notices.say("There is a new export.", offer=("Open", lambda: done.append("opened")))
    notices.offer_button.focus_force()
    driver.root.update()
    notices.offer_button.invoke()
    driver.root.update()
    assert not has_focus(notices.offer_button), "Space would go on pressing it"
    notices.offer_button.invoke()
    assert done == ["opened"]
    assert notices.sentences == [("Notice", "Something else.")]
    notices.destroy()


def test_nothing_is_kept_of_an_offer_that_was_taken_back(driver: Driver) -> None:
    notices = bar(driver)
    for take_back in (notices.dismiss, lambda: notices.withdraw("One."), lambda: notices.clear("Notice")):
        notices.say("One.", offer=("Do it", lambda: None))
        take_back()
        assert not notices._offers
    notices.destroy()
