"""Rich text that users write: what is on the list stays, everything else goes before it is stored (R-145, D-15).

Only fields that are meant to be HTML are cleaned. Plain fields stay as typed and are escaped where they are shown (R-146).
"""

import nh3

TAGS = frozenset(
    ("a", "b", "blockquote", "br", "code", "del", "em", "h3", "h4", "i", "li", "ol", "p", "pre", "s", "strong", "u", "ul")
)
ATTRIBUTES = {"a": {"href", "title"}}
SCHEMES = frozenset(("http", "https", "mailto"))
LINKS = "noopener noreferrer nofollow ugc"  # a page that is opened learns nothing of us, and gains nothing by us
DROPPED_WHOLE = frozenset(("script", "style"))  # their content is no text

_CLEANER = nh3.Cleaner(
    tags=set(TAGS),
    attributes=ATTRIBUTES,
    url_schemes=set(SCHEMES),
    link_rel=LINKS,
    clean_content_tags=set(DROPPED_WHOLE),
    strip_comments=True,
)


def clean(text: str) -> str:
    """HTML with nothing in it but what is on the list; cleaning it again changes nothing.

    A field takes it as `Annotated[str, Field(max_length=...), AfterValidator(clean)]`, so the length counts what was sent.
    """
    return _CLEANER.clean(text)
