"""What a person calls the device behind a `User-Agent`: `Firefox on Linux`. A hint for its owner, never a proof."""

import re

BROWSERS = (  # the first that fits: every browser also claims to be those below it
    ("Edg", "Edge"),
    ("OPR/", "Opera"),
    ("SamsungBrowser/", "Samsung Internet"),
    ("FxiOS/", "Firefox"),
    ("Firefox/", "Firefox"),
    ("CriOS/", "Chrome"),
    ("Chrome/", "Chrome"),
    ("Safari/", "Safari"),
)
SYSTEMS = (
    ("iPhone", "an iPhone"),
    ("iPad", "an iPad"),
    ("Android", "Android"),
    ("CrOS", "ChromeOS"),
    ("Windows", "Windows"),
    ("Macintosh", "a Mac"),
    ("Linux", "Linux"),
)
PROGRAM = re.compile(r"[A-Za-z][A-Za-z0-9_.-]{0,39}")


def words_for(user_agent: str | None) -> str | None:
    """`Chrome on Windows`, `curl`, or None when nothing can be told."""
    text = user_agent or ""
    browser = next((name for mark, name in BROWSERS if mark in text), None)
    system = next((name for mark, name in SYSTEMS if mark in text), None)
    if browser and system:
        return f"{browser} on {system}"
    if browser or system:
        return browser or (system or "").removeprefix("a ").removeprefix("an ")
    program = PROGRAM.match(text)
    return program[0] if program else None
