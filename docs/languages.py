"""Two languages in one site: each page leads to its twin, and around a Korean page all words are Korean."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref, toctree
from sphinx.application import Sphinx
from sphinx.environment.adapters.toctree import TocTree

MARK = ".ko"
"""How the name of a Korean page ends."""
NAMES = {"English", "한국어"}
WORDS = {
    "Skip to content": "본문으로 건너뛰기",
    "Back to top": "맨 위로",
    "Next": "다음",
    "Previous": "이전",
    "Home": "처음",
    "On this page": "이 문서의 차례",
    "Contents": "차례",
    "Search": "검색",
    "Error": "오류",
    "Index": "색인",
    "Please activate JavaScript to enable the search functionality.": "검색하려면 JavaScript를 켜십시오.",
    "Made with": "",
    '<a href="https://www.sphinx-doc.org/">Sphinx</a> and': '<a href="https://www.sphinx-doc.org/">Sphinx</a>와 ',
    '<a href="https://github.com/pradyunsg/furo">Furo</a>': (
        '<a href="https://github.com/pradyunsg/furo">Furo</a>로 만들었습니다'
    ),
}
"""What the theme says by gettext."""
FIXED = {
    r"Toggle site navigation sidebar": "문서 목록 열고 닫기",
    r"Toggle table of contents sidebar": "이 문서의 차례 열고 닫기",
    r"Toggle Light / Dark / Auto color theme": "밝게 / 어둡게 / 자동",
    r"Toggle navigation of ([^\"]*)": r"\1: 펴고 접기",
    r"Link to this heading": "이 제목의 주소",
    r"Permalink to this (?:headline|heading)": "이 제목의 주소",
}
"""What stands in attributes, and no gettext is asked for."""
PICTURES = {
    "Contents": "차례",
    "Menu": "메뉴",
    "Expand": "펼치기",
    "Light mode": "밝게",
    "Dark mode": "어둡게",
    "Auto light/dark, in light mode": "자동, 지금은 밝게",
    "Auto light/dark, in dark mode": "자동, 지금은 어둡게",
}
"""The titles of the theme's icons."""
IN_ENGLISH_ALONE = {"terms": "용어표", "changelog": "바뀐 것"}
"""What a Korean page calls a page that has no twin, where its source has the name of the file."""
_FILE = re.compile(r"(?:[\w.-]+/)*[\w.-]+\.md")


def is_korean(page: str) -> bool:
    """Return whether a page is a Korean one."""
    return page.endswith(MARK)


def twin_of(page: str) -> str:
    """Return what the same page in the other language is called."""
    return page.removesuffix(MARK) if is_korean(page) else f"{page}{MARK}"


# Links in the text


def _show_titles(app: Sphinx, doctree: nodes.document) -> None:
    """Show the title of a page where the source has the name of its file, which is what a code host needs.

    The link to the twin goes: each page has a switch.
    """
    for link in list(doctree.findall(pending_xref)):
        if link.get("refdomain") != "doc":
            continue
        if _FILE.fullmatch(link.astext()):
            _name(link, is_korean(app.env.docname))
        elif link.astext() in NAMES and link["reftarget"] == twin_of(app.env.docname):
            _take_out(link)


def _name(link: pending_xref, korean: bool) -> None:
    name = IN_ENGLISH_ALONE.get(link["reftarget"]) if korean else None
    if name:
        link[:] = [nodes.inline("", name)]
    else:
        link["refexplicit"] = False  # the title of the page or section that it leads to


def _take_out(link: pending_xref) -> None:
    paragraph = link.parent
    at = paragraph.index(link)
    del paragraph[at]
    if at and isinstance(paragraph[at - 1], nodes.Text):
        paragraph[at - 1] = nodes.Text(paragraph[at - 1].rstrip())
    if not paragraph.astext().strip():
        paragraph.parent.remove(paragraph)


# What stands around a page


def _korean(message: str) -> str:
    return WORDS.get(" ".join(message.split()), message)


def _in_korean(html: str) -> str:
    """Return the page with the theme's fixed words in Korean."""
    for words, korean in FIXED.items():
        html = re.sub(rf'((?:aria-label|title)="){words}"', rf'\1{korean}"', html)
    for title, korean in PICTURES.items():
        html = html.replace(f"<title>{title}</title>", f"<title>{korean}</title>")
    return html


def _tree(app: Sphinx, page: str) -> str:
    """Return the tree of all pages in the language of a page."""
    parts = []
    for part in _parts(app, "index.ko" if is_korean(page) else "index"):
        node = TocTree(app.env).resolve(
            page, app.builder, part, prune=False, maxdepth=-1, titles_only=True, collapse=False, includehidden=True
        )
        if node is not None:
            parts.append(app.builder.render_partial(node)["fragment"])  # type: ignore[attr-defined]
    return "".join(parts)


def _parts(app: Sphinx, start: str) -> Iterator[toctree]:
    for part in app.env.get_doctree(start).findall(toctree):
        if part["includefiles"] != ["index.ko"]:
            yield part


def _speak(app: Sphinx, page: str, template: str, context: dict[str, Any], doctree: object) -> None:
    """Give a page its twin, its tree, and the words of its language."""
    korean, twin = is_korean(page), twin_of(page)
    found = twin in app.env.all_docs or twin in ("search", "search.ko")
    context["is_korean"] = korean
    context["twin"] = context["pathto"](twin) if found else None
    context["toctree"] = lambda **_: _tree(app, page)
    for key in ("prev", "next"):
        to = context.get(key)
        if to and (".ko.html" in to["link"]) != korean:
            context[key] = None
    if not korean:
        return
    pathto = context["pathto"]
    context |= {
        "language": "ko",
        "master_doc": "index.ko",
        "gettext": _korean,
        "_": _korean,
        "in_words": _in_korean,
        "pathto": lambda name, *given, **named: pathto("search.ko" if name == "search" else name, *given, **named),
    }
    app.add_js_file("korean.js")


def _second_search(app: Sphinx) -> Iterator[tuple[str, dict[str, Any], str]]:
    yield "search.ko", {}, "search.html"


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect what makes the two languages."""
    app.connect("doctree-read", _show_titles)
    app.connect("html-page-context", _speak, priority=400)  # before the theme, which renders the tree
    app.connect("html-collect-pages", _second_search)
    app.add_css_file("site.css")
    app.add_js_file("filter.js")
    return {"parallel_read_safe": True, "parallel_write_safe": True}
