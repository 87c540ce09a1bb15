"""Templates: strict, escaped where it matters, overridable, and every shipped one can be rendered (R-285, R-333)."""

import re
from datetime import UTC, datetime
from html.parser import HTMLParser
from uuid import UUID

import pytest

from mainspring.core import ids
from mainspring.core.mail.filters import day, moment, money
from mainspring.core.mail.templates import TemplateBroken, TemplateMissing, Templates
from mainspring.core.mail.values import plain
from mainspring.core.module import Module, discover
from mainspring.core.money import Money

COMMON = {"service_name": "Shop", "public_url": "https://shop.example"}
SHIPPED = Templates(discover(), COMMON)
EMPTY_ELEMENTS = {"meta", "br", "hr", "img", "link", "input"}


class Elements(HTMLParser):
    """Counts what is opened and closed, and keeps every attribute."""

    def __init__(self, html):
        super().__init__()
        self.open, self.attributes, self.faults = [], [], []
        self.feed(html)

    def handle_starttag(self, tag, attrs):
        self.attributes += [(tag, name, value) for name, value in attrs]
        if tag not in EMPTY_ELEMENTS:
            self.open.append(tag)

    def handle_endtag(self, tag):
        if not self.open or self.open.pop() != tag:
            self.faults.append(tag)


@pytest.fixture
def parcels(tmp_path, monkeypatch):
    """A module `parcels` with one template, and a folder of the application."""
    name = f"parcels_{ids.text().replace('-', '_')}"
    package = tmp_path / "src" / name
    (package / "templates").mkdir(parents=True)
    (package / "__init__.py").write_text("")
    monkeypatch.syspath_prepend(tmp_path / "src")
    (tmp_path / "own").mkdir()

    def made(text="{% block subject %}{% endblock %}", html=None):
        (package / "templates" / "sent.txt").write_text(text)
        if html is not None:
            (package / "templates" / "sent.html").write_text(html)
        return Templates([Module("parcels", name)], COMMON, tmp_path / "own")

    return made


def test_there_are_templates():
    assert "notifications/welcome" in SHIPPED.names()


@pytest.mark.parametrize("name", SHIPPED.names())
def test_every_shipped_template_can_be_rendered(name):
    words = SHIPPED.render(name, SHIPPED.sample(name))

    assert 0 < len(words.subject) < 150
    assert len(words.text) > 40
    assert max(map(len, words.text.splitlines())) <= 200
    assert "<" not in words.text
    assert words.html is not None


@pytest.mark.parametrize("name", SHIPPED.names())
def test_every_shipped_html_is_whole_and_needs_nothing_from_elsewhere(name):
    html = SHIPPED.render(name, SHIPPED.sample(name)).html
    elements = Elements(html)

    assert elements.open == []
    assert elements.faults == []
    assert [value for tag, attribute, value in elements.attributes if attribute in ("src", "background", "srcset")] == []
    assert "url(" not in html
    assert "<script" not in html
    assert "prefers-color-scheme: dark" in html
    assert "max-width:560px" in html


@pytest.mark.parametrize("name", SHIPPED.names())
def test_no_shipped_template_trusts_a_value(name):
    def hostile(value):
        if isinstance(value, dict):
            return {key: hostile(item) for key, item in value.items()}
        if isinstance(value, list):
            return [hostile(item) for item in value]
        return (
            f"{value}<script>{{{{7*7}}}}"
            if isinstance(value, str) and not re.match(r"https?:|\d{4}-|[A-Z]{3}$", value)
            else value
        )

    words = SHIPPED.render(name, hostile(SHIPPED.sample(name)))

    assert "<script" not in words.html
    assert "49" not in words.subject
    assert "\n" not in words.subject


def test_a_gap_is_an_error(parcels):
    templates = parcels("{% block subject %}Hello{% endblock %}{{ who }}")

    with pytest.raises(TemplateBroken, match="who"):
        templates.render("parcels/sent", {})


def test_html_is_escaped_and_text_is_not(parcels):
    templates = parcels("{% block subject %}{{ who }}{% endblock %}", "<p>{{ who }}</p>")

    words = templates.render("parcels/sent", {"who": "<b>A & B</b>"})

    assert words.subject == "<b>A & B</b>"
    assert words.html == "<p>&lt;b&gt;A &amp; B&lt;/b&gt;</p>"


def test_a_value_is_never_a_template(parcels):  # ASVS 1.3.7
    templates = parcels("{% block subject %}{{ who }}{% endblock %}", "{{ who }}")

    assert templates.render("parcels/sent", {"who": "{{ 7*7 }}"}).html == "{{ 7*7 }}"


def test_a_template_reaches_no_inner_parts_of_python(parcels):
    templates = parcels("{% block subject %}{{ ''.__class__.__mro__ }}{% endblock %}")

    with pytest.raises(TemplateBroken, match="unsafe"):
        templates.render("parcels/sent", {})


def test_a_subject_is_one_line(parcels):
    templates = parcels("{% block subject %}\n  Hello\n  {{ who }}\n{% endblock %}")

    assert templates.render("parcels/sent", {"who": "Eve\r\nBcc: x@example.com"}).subject == "Hello Eve Bcc: x@example.com"


def test_files_of_the_application_win(parcels, tmp_path):
    templates = parcels('{% extends "layout.txt" %}{% block subject %}Shipped{% endblock %}{% block body %}Hi{% endblock %}', "x")
    (tmp_path / "own" / "parcels").mkdir()
    (tmp_path / "own" / "parcels" / "sent.html").write_text("<p>Ours</p>")
    (tmp_path / "own" / "layout.txt").write_text("{% block body %}{% endblock %}\n\nGreetings from {{ service_name }}")

    words = templates.render("parcels/sent", {})

    assert words.subject == "Shipped"
    assert words.text == "Hi\nGreetings from Shop\n"
    assert words.html == "<p>Ours</p>"


def test_a_template_may_be_text_only(parcels):
    assert parcels("{% block subject %}Hello{% endblock %}").render("parcels/sent", {}).html is None


@pytest.mark.parametrize("name", ["parcels/lost", "sent", "parcels/../parcels/sent", "layout"])
def test_an_unknown_name_is_told(parcels, name):
    with pytest.raises(TemplateMissing):
        parcels().check(name)


def test_a_parent_that_is_missing_is_no_absent_template(parcels):
    with pytest.raises(TemplateBroken, match="frame"):
        parcels('{% extends "frame.txt" %}{% block subject %}x{% endblock %}').render("parcels/sent", {})


def test_a_link_leads_to_the_web_only(parcels):
    templates = parcels("{% block subject %}x{% endblock %}", "{{ link | web_address }}")

    with pytest.raises(TemplateBroken, match="https"):
        templates.render("parcels/sent", {"link": "javascript:alert(1)"})


@pytest.mark.parametrize(
    ("value", "shown"),
    [(1999, "19.99 EUR"), (5, "0.05 EUR"), (-150, "-1.50 EUR"), (0, "0.00 EUR")],
)
def test_money_is_shown(value, shown):
    assert money(value, "EUR") == shown
    assert money({"amount": value, "currency": "EUR"}) == shown


def test_currencies_have_their_own_decimals():
    assert money(500, "JPY") == "500 JPY"
    assert money(1250, "KWD") == "1.250 KWD"


def test_moments_are_shown_in_one_zone():
    assert day("2026-11-20T23:30:00+00:00") == "20 November 2026"
    assert moment("2026-11-20T23:30:00-02:00") == "21 November 2026, 01:30 UTC"


def test_values_become_plain():
    id = UUID("01902c5e-0000-7000-8000-000000000001")

    assert plain({"id": id, "at": datetime(2026, 1, 2, tzinfo=UTC), "sum": Money(5, "EUR"), "lines": (1, None, True)}) == {
        "id": str(id),
        "at": "2026-01-02T00:00:00+00:00",
        "sum": {"amount": 5, "currency": "EUR"},
        "lines": [1, None, True],
    }
    with pytest.raises(TypeError, match="set"):
        plain({"lines": {1, 2}})
