"""The chat in headless Chromium: what a person sees and clicks, in light and dark, with no request to anywhere else."""

from __future__ import annotations

import csv
import io
import shutil
import sys
import time
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest

from assistant.passwords import PasswordFile

PASSWORD = "four random words here"
CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser")
ARGUMENTS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed (Debian: apt-get install chromium)"),
    pytest.mark.skipif(find_spec("playwright") is None, reason="playwright is not installed (pip install -r requirements-dev.txt)"),
]


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        running = playwright.chromium.launch(executable_path=CHROMIUM, args=ARGUMENTS)
        yield running
        running.close()


class Tab:
    """A page of the chat, and what went wrong in it."""

    def __init__(self, browser: Any, url: str, *, theme: str = "light", width: int = 1200, login: tuple[str, str] | None = None) -> None:
        self.context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page.route("**/*", self._only_here)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.goto(url)
        if login is not None:
            self.log_in(*login)
        self.page.wait_for_selector("#starters button:enabled")

    def log_in(self, name: str, password: str) -> None:
        self.page.fill("input[name=email]", name)
        self.page.fill("input[name=password]", password)
        self.page.get_by_role("button", name="Log in").click()
        self.page.wait_for_selector("#starters")
        # Chainlit asks who somebody is before anybody could be.
        self.errors.clear()

    def _only_here(self, route: Any) -> None:
        if route.request.url.startswith(("http://localhost:", "ws://localhost:", "data:", "blob:")):
            route.continue_()
            return
        self.outside.append(route.request.url)
        route.abort()

    def ask(self, text: str) -> None:
        self.page.click("#chat-input")
        self.page.keyboard.type(text)
        self.page.keyboard.press("Enter")

    def see(self, text: str) -> Any:
        place = self.page.get_by_text(text).last
        place.wait_for()
        return place

    def button(self, name: str) -> Any:
        # The list of conversations, which comes first, names them by their first question.
        return self.page.get_by_role("button", name=name, exact=True).last


@pytest.fixture
def open_tab(browser: Any, server: Any) -> Iterator[Any]:
    tabs: list[Tab] = []

    def open_one(**options: Any) -> Tab:
        tabs.append(Tab(browser, server.url, **options))
        return tabs[-1]

    yield open_one
    for tab in tabs:
        tab.context.close()
    # A refused image or style sheet would be here: the page must not even try.
    assert [address for tab in tabs for address in tab.outside] == []
    assert [error for tab in tabs for error in tab.errors] == [], server.log.read_text(errors="replace")[-4000:]


@pytest.fixture
def tab(open_tab: Any) -> Tab:
    return open_tab()  # type: ignore[no-any-return]


def test_the_empty_page_welcomes_and_a_starter_is_answered(tab):
    tab.see("Ask about 2,469 households and their shopping in 2017.")
    tab.page.get_by_role("button", name="Revenue by month in 2017").click()
    tab.see("Revenue went from $320,000.00 in Jan 2017 to $540,000.00 in Dec 2017.")


def test_an_answer_shows_headline_chart_table_reading_and_badge_in_this_order(tab):
    tab.ask("Revenue by department in 2017")
    parts = [
        tab.see("GROCERY has the highest revenue: $2,316,393.90"),
        tab.page.locator(".js-plotly-plot"),
        tab.page.get_by_role("table"),
        tab.page.get_by_text("Read as"),
        tab.see("Governed"),
        tab.see("How I got this"),
        tab.see("Next questions:"),
    ]
    for part in parts:
        part.wait_for()
    # The page scrolls to the newest part; measured once it stands still.
    tab.page.wait_for_timeout(500)
    heights = [part.bounding_box()["y"] for part in parts]
    assert heights == sorted(heights)


def test_the_page_says_what_it_does_while_a_slow_question_runs(tab):
    tab.ask("slow")
    tab.see("Checking the result")
    tab.see("That took longer than 5 seconds and was stopped.")
    tab.see("query_too_heavy")


def test_the_chart_has_bars_named_labels_and_formatted_ticks(tab):
    tab.ask("Revenue by department in 2017")
    plot = tab.page.locator(".js-plotly-plot")
    plot.wait_for()
    assert plot.locator(".bars .point").count() == 7
    texts = plot.locator(".yaxislayer-above text").all_text_contents()
    assert "GROCERY" in texts
    assert "Unknown" in texts
    assert "$500K" in plot.locator(".xaxislayer-above text").all_text_contents()
    assert plot.locator(".modebar").is_hidden()
    assert plot.locator("a[href]").count() == 0


def test_the_table_sorts_by_value_with_missing_names_last(tab):
    tab.ask("Revenue by department in 2017")
    table = tab.page.get_by_role("table")
    table.wait_for()

    def first_cells() -> list[str]:
        return [row.split("\t")[0] for row in table.locator("tbody tr").all_inner_texts()]

    assert first_cells()[0] == "GROCERY"
    table.get_by_role("button", name="Revenue").click()
    table.get_by_role("button", name="Revenue").click()
    assert first_cells()[0] == "Unknown"
    assert table.get_by_role("columnheader", name="Revenue").get_attribute("aria-sort") == "ascending"
    table.get_by_role("button", name="Department").click()
    assert first_cells()[-1] == "Unknown"


def test_the_csv_downloads_with_the_values(tab):
    tab.ask("Revenue by department in 2017")
    link = tab.page.locator("a.inline-file")
    link.wait_for()
    with tab.page.expect_download() as caught:
        link.click()
    download = caught.value
    assert download.suggested_filename == "revenue-by-department-2017-highest-first.csv"
    with open(download.path(), encoding="utf-8-sig", newline="") as file:
        rows = list(csv.reader(io.StringIO(file.read())))
    assert rows[1] == ["GROCERY", "2316393.9"]


def test_how_it_was_made_is_folded_until_clicked(tab):
    tab.ask("Revenue by department in 2017")
    fold = tab.see("How I got this")
    assert tab.page.get_by_text("What customers paid, after discounts, all lines.").count() == 0
    fold.click()
    tab.see("What customers paid, after discounts, all lines.")
    tab.see("Parts sum to the total")
    assert "SUM(sales_value)" in tab.page.locator("pre code").inner_text()


def test_text_from_the_data_makes_neither_image_nor_link(tab):
    tab.ask("Revenue by department in 2017")
    tab.page.get_by_role("table").wait_for()
    assert tab.page.locator("a[href*='outside.example']").count() == 0
    assert tab.page.locator("img[src*='outside.example']").count() == 0
    assert tab.page.get_by_text("<img src=http").count() >= 2


def test_an_offer_is_accepted_with_one_click(tab):
    tab.ask("splendid revenue")
    tab.see("I could not place “splendid”.")
    tab.button("Yes, that is what I meant").click()
    tab.see("The chosen plan ran: GROCERY has the highest revenue.")


def test_a_question_back_is_answered_with_one_click(tab):
    tab.ask("who are the best")
    tab.see("What should “best” mean?")
    tab.button("By visits").click()
    tab.see("The chosen plan ran: GROCERY has the highest revenue.")


def test_a_decline_leads_on_to_what_can_be_answered(tab):
    tab.ask("what is our margin")
    tab.see("The data holds no costs, so margin cannot be computed.")
    tab.button("Revenue by month in 2017").click()
    tab.see("Revenue went from $320,000.00 in Jan 2017")


def test_a_follow_up_knows_the_question_before_until_a_new_chat_starts(tab):
    tab.ask("Revenue by department in 2017")
    tab.see("Next questions:")
    tab.ask("and before?")
    tab.see("Before this you asked: Revenue by department in 2017.")
    tab.page.click("#header #new-chat-button")
    tab.page.wait_for_selector("#starters button:enabled")
    tab.ask("and before?")
    tab.see("Before this you asked: None.")


@pytest.mark.parametrize(("theme", "dark"), [("light", False), ("dark", True)])
def test_the_page_follows_the_system_s_theme(open_tab, theme, dark):
    tab = open_tab(theme=theme)
    tab.ask("Revenue by department in 2017")
    tab.page.locator(".js-plotly-plot .bars").wait_for()
    background = "getComputedStyle(document.body).backgroundColor.match(/\\d+/g).slice(0, 3).reduce((a, b) => a + +b, 0)"
    assert (tab.page.evaluate(background) < 200) == dark
    plot_background = tab.page.locator(".js-plotly-plot .bg").first.evaluate("e => getComputedStyle(e).fillOpacity")
    assert plot_background == "0"


def test_a_phone_wide_page_shows_the_whole_chart_and_needs_no_sideways_scrolling(open_tab):
    tab = open_tab(width=390)
    tab.ask("Revenue by department in 2017")
    tab.see("Next questions:")
    tab.page.get_by_role("table").wait_for()
    assert tab.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")
    tab.page.locator(".js-plotly-plot .main-svg").first.wait_for()
    tab.page.wait_for_function("document.querySelector('.js-plotly-plot .main-svg').getBoundingClientRect().right <= window.innerWidth")


def test_the_first_step_shows_at_once_and_the_page_is_ready_soon(open_tab):
    started = time.monotonic()
    tab = open_tab()
    assert time.monotonic() - started < 15
    tab.page.fill("#chat-input", "slow")
    # Measured in the page, from the key to the step.
    waited = tab.page.evaluate(
        """() => new Promise((done) => {
            const began = performance.now();
            new MutationObserver(() => {
                if (/Thinking|Reading the question/.test(document.body.innerText)) done(performance.now() - began);
            }).observe(document.body, { childList: true, subtree: true, characterData: true });
            document.getElementById("chat-submit").click();
        })"""
    )
    assert waited < 1000
    tab.see("That took longer than 5 seconds and was stopped.")


def test_sentences_show_before_the_answer_is_complete(tab):
    tab.ask("spoken")
    tab.page.locator("[data-step-type=assistant_message]").first.wait_for()
    assert tab.page.get_by_text("Next questions:").count() == 0
    tab.see("Next questions:")
    assert tab.page.get_by_role("heading", name="GROCERY leads with $2,316,393.90.").count() == 1


def test_the_stop_button_stops_and_says_so(tab):
    tab.ask("endless")
    tab.see("Checking the result")
    tab.page.locator("#stop-button").click()
    tab.see("Stopped.")
    tab.ask("which were stopped?")
    tab.see("Stopped: endless.")


def test_a_chip_asks_again_without_typing(tab):
    tab.ask("Revenue by month in 2017")
    tab.see("Next questions:")
    chip = tab.page.get_by_role("combobox", name="Time window: 2017. Choose another")
    chip.select_option(label="Last month")
    tab.see("Time window: Last month")
    tab.see("The chosen plan ran: GROCERY has the highest revenue.")


def test_the_chart_can_be_had_as_png(tab):
    tab.ask("Revenue by month in 2017")
    tab.see("Next questions:")
    tab.page.locator(".js-plotly-plot .main-svg").first.wait_for()
    with tab.page.expect_download() as download:
        tab.button("Chart as PNG").click()
    with open(download.value.path(), "rb") as file:
        assert file.read(8) == b"\x89PNG\r\n\x1a\n"


def test_what_is_typed_is_completed_by_keyboard(tab):
    tab.page.click("#chat-input")
    tab.page.keyboard.type("revenue by mo")
    option = tab.page.get_by_role("option", name="Revenue by month in 2017")
    option.wait_for()
    tab.page.keyboard.press("ArrowDown")
    assert option.get_attribute("aria-selected") == "true"
    tab.page.keyboard.press("Enter")
    assert tab.page.input_value("#chat-input") == "Revenue by month in 2017"
    tab.page.keyboard.press("Enter")
    tab.see("Revenue went from $320,000.00 in Jan 2017")


def test_the_start_page_tells_the_news_and_keeps_saved_questions(open_tab):
    tab = open_tab()
    tab.see("Revenue rose by 5%.")
    tab.button("Why?").click()
    tab.see("Revenue went from $320,000.00 in Jan 2017")
    tab.button("Save question").click()
    tab.see("Saved. You find it on the start page")
    later = open_tab()
    later.page.get_by_role("button", name="Share", exact=True).click()
    later.button("Stop sharing").wait_for()
    later.button("Revenue by month, 2017, highest first").click()
    later.see("The chosen plan ran: GROCERY has the highest revenue.")
    # Its server is that of all tests: nothing stays saved.
    last = open_tab()
    last.button("Delete Revenue by month, 2017, highest first").click()
    last.button("Delete Revenue by month, 2017, highest first").wait_for(state="detached")


def test_a_question_is_edited_and_asked_again(tab):
    tab.ask("Revenue by department in 2017")
    tab.see("Next questions:")
    tab.page.get_by_role("button", name="Edit and ask again").first.click()
    tab.page.fill("#edit-chat-input", "and before?")
    tab.page.locator(".confirm-edit").click()
    tab.see("Before this you asked: None.")
    assert tab.page.get_by_text("GROCERY has the highest revenue").count() == 0


def test_every_button_has_a_name(tab):
    tab.ask("Revenue by department in 2017")
    tab.see("Next questions:")
    tab.page.wait_for_timeout(200)
    nameless = "[...document.querySelectorAll('button')].filter(b => b.offsetParent && !(b.innerText.trim() || b.ariaLabel || b.title))"
    assert tab.page.evaluate(f"{nameless}.map(b => b.outerHTML.slice(0, 200))") == []


@pytest.fixture(scope="module")
def guarded(start_for_module: Any, tmp_path_factory: pytest.TempPathFactory) -> Any:
    """A server where people log in with a password."""
    home = tmp_path_factory.mktemp("guarded")
    for name in ("ana", "ben"):
        PasswordFile(home / "passwords.json").set(name, PASSWORD)
    command = [sys.executable, str(Path(__file__).parent / "stand_in_server.py"), str(home), "{port}", "password"]
    return start_for_module(command, home), command


def test_people_log_in_resume_after_a_restart_and_see_nothing_of_each_other(browser, guarded, start_server):
    server, command = guarded
    ana = Tab(browser, server.url, login=("ana", PASSWORD))
    ana.ask("Revenue by department in 2017")
    ana.see("Next questions:")
    ana.page.wait_for_timeout(300)
    server.stop()
    again = start_server([part.format(port=server.port) for part in command], server.home, server.port)
    ana.page.goto(again.url)
    ana.page.wait_for_selector("#starters button:enabled")
    ana.page.locator("#header #sidebar-trigger-button").click()
    ana.page.locator("a[href*='/thread/']").first.click()
    ana.see("GROCERY has the highest revenue: $2,316,393.90")
    ana.page.locator(".js-plotly-plot .bars").wait_for()
    ana.page.get_by_role("table").wait_for()
    ana.button("Revenue by month in 2017").click()
    ana.see("Revenue went from $320,000.00 in Jan 2017")
    address = ana.page.url
    ben = Tab(browser, again.url, login=("ben", PASSWORD))
    ben.page.locator("#header #sidebar-trigger-button").click()
    assert ben.page.locator("a[href*='/thread/']").count() == 0
    ben.page.goto(address)
    ben.page.wait_for_timeout(1500)
    assert ben.page.get_by_text("GROCERY has the highest revenue").count() == 0
    assert ana.outside == ben.outside == []
    ana.context.close()
    ben.context.close()


def test_the_about_page_explains_how_to_read_an_answer(tab):
    tab.button("About").click()
    tab.see("How to read an answer")
