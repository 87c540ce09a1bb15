"""`./dev docs`: every link of the documentation leads somewhere, and every decision says what enforces it."""

import re
import sys
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import unquote

ROOT = Path(__file__).resolve().parent.parent
LINK = re.compile(r"(?<!!)\[[^\]\n]+\]\(([^)\s]+)\)|!\[[^\]\n]*\]\(([^)\s]+)\)")
HEADING = re.compile(r"^#{1,6} +(.+?) *#*$", re.M)
FENCE = re.compile(r"^(```|~~~).*?^\1", re.M | re.S)
ELSEWHERE = re.compile(r"^(https?|mailto):")
PARTS_OF_A_DECISION = ("## Context", "## Decision", "## Consequences", "## Alternatives", "## What enforces it")
NOT_OURS = {".git", "node_modules", ".pytest_cache", ".mainspring"}


def pages() -> list[Path]:
    """Every Markdown file of the project."""
    found = (path for path in ROOT.rglob("*.md") if not NOT_OURS & set(path.parts))
    return sorted(path for path in found if not any(part.startswith(".venv") for part in path.relative_to(ROOT).parts))


def complaints() -> list[str]:
    """What is wrong with the documentation; empty when every link leads somewhere."""
    return [*_broken_links(), *_incomplete_decisions(), *_unlisted_decisions()]


def anchors(text: str) -> set[str]:
    """The names that the headings of a page can be linked by, as GitHub makes them."""
    names: dict[str, int] = {}
    found = set()
    for title in HEADING.findall(FENCE.sub("", text)):
        plain = re.sub(r"\[([^\]]+)\]\([^)]*\)", r"\1", title).replace("`", "").lower()
        name = re.sub(r"[^\w\- ]", "", plain).replace(" ", "-")
        count = names.get(name, 0)
        names[name] = count + 1
        found.add(f"{name}-{count}" if count else name)
    return found


def _broken_links() -> Iterator[str]:
    for page in pages():
        text = FENCE.sub(lambda block: "\n" * block.group().count("\n"), page.read_text())
        for match in LINK.finditer(text):
            target = unquote(match.group(1) or match.group(2))
            if ELSEWHERE.match(target):
                continue
            name, _, anchor = target.partition("#")
            path = (page.parent / name).resolve() if name else page
            where = f"{page.relative_to(ROOT)}:{text.count(chr(10), 0, match.start()) + 1}"
            if not path.exists():
                yield f"{where} links to {target}, which is not there"
            elif anchor and path.suffix == ".md" and anchor not in anchors(path.read_text()):
                yield f"{where} links to {target}, which has no such heading"


def _incomplete_decisions() -> Iterator[str]:
    for page in _decisions():
        for part in PARTS_OF_A_DECISION:
            if part not in page.read_text():
                yield f"{page.relative_to(ROOT)} has no part {part!r}"


def _unlisted_decisions() -> Iterator[str]:
    numbers: dict[str, Path] = {}
    for page in _decisions():
        number = page.name[:4]
        if number in numbers:
            yield f"{page.name} and {numbers[number].name} share a number"
        numbers[number] = page


def _decisions() -> list[Path]:
    return sorted((ROOT / "docs" / "decisions").glob("[0-9][0-9][0-9][0-9]-*.md"))


if __name__ == "__main__":
    wrong = complaints()
    print("\n".join(wrong) or f"documentation: {len(pages())} pages, {len(_decisions())} decisions, every link leads somewhere")
    sys.exit(bool(wrong))
