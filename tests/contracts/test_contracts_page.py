"""The page of contracts in a browser that has no network: complete, and it asks for nothing."""

import json
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Page, sync_playwright

from shared.contracts import topics
from shared.contracts.asyncapi import document
from shared.contracts.asyncapi.naming import address
from shared.contracts.catalogue import BY_NAME
from shared.contracts.example_record import record

FILE = Path(__file__).parents[2] / "docs/contracts.html"
LARGEST = 1_000_000
"""Bytes: who looks at one message should not wait for the file."""
BROWSER = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")

pytestmark = pytest.mark.skipif(BROWSER is None, reason="no Chromium is installed (Debian: chromium)")


@pytest.fixture(scope="module")
def asked() -> list[str]:
    """What the browser asked for, as it is collected."""
    return []


@pytest.fixture(scope="module")
def page(asked: list[str]) -> Iterator[Page]:
    """The page, opened from the disk, without a network."""
    with sync_playwright() as playwright:
        # Without its sandbox, which containers and root do not let it have: it shows our own file alone.
        browser = playwright.chromium.launch(executable_path=BROWSER, chromium_sandbox=False)
        context = browser.new_context(offline=True)
        opened = context.new_page()
        opened.on("request", lambda request: asked.append(request.url))
        opened.on("console", lambda message: asked.append(message.text))
        opened.goto(FILE.as_uri(), wait_until="load")
        yield opened
        browser.close()


def test_it_asks_for_nothing_but_itself_and_says_nothing(page: Page, asked: list[str]) -> None:
    assert page.title() == "Kobling: contracts"
    assert asked == [FILE.as_uri()]
    assert page.locator("script").count() == 0
    assert FILE.stat().st_size < LARGEST


@pytest.mark.parametrize("topic", topics.REGISTRY, ids=lambda topic: topic.name)
def test_each_channel_is_led_to_and_shown(page: Page, topic: topics.Topic) -> None:
    link = page.get_by_role("navigation").get_by_role("link", name=address(topic), exact=True)
    link.click()
    section = page.locator("section:target")
    assert section.get_by_role("heading").inner_text() == address(topic)
    assert section.is_visible()
    assert f"Key: {topic.key}." in section.inner_text()


SECTIONS = """all => Object.fromEntries(all.map(one => {
    const texts = where => [...one.querySelectorAll(where)].map(found => found.textContent.trim());
    const shown = {heading: texts("h3"), channels: texts("a[href^='#channel-']"),
                   examples: texts("pre"), fields: texts("tbody th code")};
    return [one.id, shown];
}))"""
"""What sections show, by their ids: asked for at once, since each question goes to another process."""


def test_each_message_is_shown_with_its_channel_and_example(page: Page) -> None:
    sections = page.locator("section.message").evaluate_all(SECTIONS)
    for name, message in BY_NAME.items():
        shown = sections[f"message-{name}"]
        assert message.type in shown["heading"][0]
        assert address(message.topic) in shown["channels"]
        (example,) = shown["examples"]
        assert json.loads(example) == record(message)


def test_an_example_opens(page: Page) -> None:
    section = page.locator("#message-PersonSettled")
    assert not section.locator("pre").is_visible()
    section.locator("summary").click()
    assert section.locator("pre").is_visible()


def test_each_schema_is_shown_with_its_fields(page: Page) -> None:
    sections = page.locator("section.schema").evaluate_all(SECTIONS)
    schemas = document()["components"]["schemas"]
    assert {id_.removeprefix("schema-") for id_ in sections} == schemas.keys()
    for name, schema in schemas.items():
        assert sections[f"schema-{name}"]["fields"] == list(schema.get("properties", {}))


def test_every_link_leads_somewhere_on_the_page(page: Page) -> None:
    links = page.locator("a").evaluate_all("all => all.map(one => one.getAttribute('href'))")
    assert len(links) > len(BY_NAME)
    targets = page.locator("[id]").evaluate_all("all => all.map(one => '#' + one.id)")
    assert set(links) <= set(targets)
