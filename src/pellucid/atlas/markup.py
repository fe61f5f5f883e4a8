"""HTML that cannot be broken by what is put into it: text becomes text, whatever it holds."""

from __future__ import annotations

from html import escape

from ..words import printable


class Markup(str):
    """Text that is HTML already; everything else is escaped when it is put into an element."""

    __slots__ = ()


def element(name: str, *children: str | Markup, **attributes: str | int) -> Markup:
    """Return an element of HTML.

    Args:
        name: the element's name.
        children: what is in it: markup as it is, all other text escaped.
        attributes: by name; `class_` is "class".

    >>> print(element("p", "1 < 2", class_="a b"))
    <p class="a b">1 &lt; 2</p>
    """
    told = "".join(f' {key.rstrip("_").replace("_", "-")}="{_text(value)}"' for key, value in attributes.items())
    inner = "".join(child if isinstance(child, Markup) else _text(child) for child in children)
    return Markup(f"<{name}{told}>{inner}</{name}>")


def image(source: str, alt: str) -> Markup:
    """Return a picture with the words for those who cannot see it, which are shown to all others when they point."""
    return Markup(
        f'<img src="{_text(source)}" alt="{_text(alt)}" title="{_text(alt)}" loading="lazy" decoding="async">'
    )


def _text(value: str | int) -> str:
    return escape(printable(str(value)))
