"""Debian's Chromium, driven by the locked playwright: found, started with a fresh profile, always closed."""

import os
import shutil
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from playwright.async_api import BrowserContext, WebError

NAMES = ("chromium", "chromium-browser", "google-chrome")
OPTIONS = (
    "--no-sandbox",  # root may not have one, and only pages of our own are opened
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
WAIT_MS = 10_000  # for an element or a page to come


class NoChromium(Exception):
    """There is no browser on this machine."""


def find_chromium() -> str:
    """The program: CHROMIUM, else the first that PATH knows. Raises NoChromium with a sentence."""
    named = os.environ.get("CHROMIUM")
    found = shutil.which(named) if named else next(filter(None, map(shutil.which, NAMES)), None)
    if not found:
        where = f"CHROMIUM is {named}, which is no program" if named else f"none of {', '.join(NAMES)} is on the PATH"
        raise NoChromium(f"There is no Chromium here: {where} (Debian: apt-get install chromium).")
    return found


@asynccontextmanager
async def started_browser(program: str) -> "AsyncIterator[BrowserContext]":
    """A headless browser that nobody used before. Raises AssertionError at its end when a page met an error nobody caught."""
    from playwright.async_api import async_playwright  # half a second that only tests with a browser pay

    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(executable_path=program, headless=True, args=[*OPTIONS])
        try:
            context = await browser.new_context()
            context.set_default_timeout(WAIT_MS)
            errors: list[WebError] = []
            context.on("weberror", lambda error: errors.append(error))
            yield context
            uncaught = [f"{error.page and error.page.url}: {error.error}" for error in errors]
            assert not uncaught, "a page met errors that nobody caught:\n" + "\n".join(uncaught)
        finally:
            await browser.close()
