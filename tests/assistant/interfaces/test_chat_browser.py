"""The chat in headless Chromium: what a person sees and clicks, in light and dark, with no request to anywhere else."""

from __future__ import annotations

import csv
import io
import shutil
from collections.abc import Iterator
from importlib.util import find_spec
from typing import Any

import pytest

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

    def __init__(self, browser: Any, url: str, *, theme: str = "light", width: int = 1200) -> None:
        self.context = browser.new_context(color_scheme=theme, viewport={"width": width, "height": 900}, accept_downloads=True)
        self.page = self.context.new_page()
        self.page.set_default_timeout(15_000)
        self.outside: list[str] = []
        self.errors: list[str] = []
        self.page.route("**/*", self._only_here)
        self.page.on("pageerror", lambda error: self.errors.append(str(error)))
        self.page.on("console", lambda message: self.errors.append(message.text) if message.type == "error" else None)
        self.page.goto(url)
        self.page.wait_for_selector("#starters button:enabled")

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
        return self.page.get_by_role("button", name=name, exact=True)


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
    assert [error for tab in tabs for error in tab.errors] == []


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
    heights = []
    for part in parts:
        part.wait_for()
        heights.append(part.bounding_box()["y"])
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
    assert plot.locator(".modebar a").count() == 0


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
    tab.page.click("#new-chat-button")
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


def test_a_phone_wide_page_needs_no_sideways_scrolling(open_tab):
    tab = open_tab(width=390)
    tab.ask("Revenue by department in 2017")
    tab.see("Next questions:")
    tab.page.get_by_role("table").wait_for()
    assert tab.page.evaluate("document.documentElement.scrollWidth <= window.innerWidth")


def test_the_about_page_explains_how_to_read_an_answer(tab):
    tab.button("About").click()
    tab.see("How to read an answer")
