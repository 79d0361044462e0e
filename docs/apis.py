"""All APIs of the brokers as pages of the site, a page a topic: written out of the catalogues while the site is built.

Sources of these pages lie below `reference/apis` for as long as they are of use to sphinx, and are no part of the
repository. They say which topic they are of; the directive `apis` makes the rest.
"""

from __future__ import annotations

import re
from collections.abc import Container, Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from typing import Any

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.domains import Domain, ObjType
from sphinx.util.docutils import SphinxDirective
from sphinx.util.nodes import make_refnode

from brokerkit.catalogue import Api, Catalogue, Field
from brokerkit.cli import specification
from brokerkit.cli.catalogues import catalogues

PLACE = "reference/apis"
BROKERS = {"kis": "KIS", "kiwoom": "Kiwoom"}
ENGLISH = {
    "oauth인증": "login",
    "oauth 인증": "login",
    "접근토큰발급": "issue a token",
    "접근토큰폐기": "revoke a token",
    "국내주식": "domestic stocks",
    "해외주식": "overseas stocks",
    "미국주식": "US stocks",
    "장내채권": "listed bonds",
    "국내선물옵션": "domestic futures and options",
    "해외선물옵션": "overseas futures and options",
    "기본시세": "prices",
    "시세": "prices",
    "elw 시세": "ELW prices",
    "시세분석": "analysis",
    "실시간시세": "realtime",
    "주문/계좌": "orders and account",
    "주문": "orders",
    "신용주문": "credit orders",
    "계좌": "account",
    "순위분석": "rankings",
    "순위정보": "rankings",
    "종목정보": "symbols",
    "관심종목": "watchlists",
    "업종/기타": "sectors and other",
    "업종": "sectors",
    "기관/외국인": "institutions and foreigners",
    "공매도": "short selling",
    "대차거래": "securities lending",
    "차트": "charts",
    "조건검색": "saved searches",
    "테마": "themes",
    "투자정보": "investment information",
    "환전": "exchange of currencies",
}
"""Words of which topics are made. A word that is missing here stays Korean, in titles and addresses too."""
FEW = 12
"""So many codes stand in a table as they are; more are folded."""


# Pages


def topics(catalogue: Catalogue) -> dict[str, list[Api]]:
    """Return the APIs by topic, in the order of the broker."""
    found: dict[str, list[Api]] = {}
    for api in catalogue:
        found.setdefault(api.topic, []).append(api)
    return found


def in_english(topic: str) -> str:
    """Return a topic in English: "domestic stocks, realtime"."""
    parts = [each.strip() for each in re.split(r"[\[\]>]", topic) if each.strip()]
    return ", ".join(ENGLISH.get(each.lower(), each) for each in parts)


def page_of(broker: str, topic: str) -> str:
    """Return the name of the page of a topic."""
    return f"{PLACE}/{broker}/{re.sub(r'[^0-9a-z가-힣]+', '-', in_english(topic).lower()).strip('-')}"


def write_pages(app: Sphinx) -> None:
    """Write the sources of the pages, only what is new, and take away what is no topic any more."""
    wanted = dict(_sources())
    folder = Path(app.srcdir, PLACE)
    for name, text in wanted.items():
        path = Path(app.srcdir, f"{name}.md")
        if not path.is_file() or path.read_text(encoding="utf-8") != text:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text, encoding="utf-8", newline="\n")
    for path in folder.rglob("*.md"):
        if path.relative_to(app.srcdir).with_suffix("").as_posix() not in wanted:
            path.unlink()


def _sources() -> Iterator[tuple[str, str]]:
    for broker, catalogue in catalogues().items():
        if broker not in BROKERS:
            continue
        pages = [page_of(broker, topic) for topic in topics(catalogue)]
        if len(set(pages)) != len(pages):
            raise ValueError(f"two topics of {broker} have the same name in English: {sorted(pages)}")
        listed = "\n".join(f"{broker}/{page.rpartition('/')[2]}" for page in pages)
        tree = f"```{{toctree}}\n:hidden:\n\n{listed}\n```"
        yield f"{PLACE}/{broker}", f"# {BROKERS[broker]}\n\n{tree}\n\n```{{apis}} {broker}\n```\n"
        for topic, apis in topics(catalogue).items():
            words = f"{BROKERS[broker]}: {in_english(topic)}. {len(apis)} APIs."
            yield page_of(broker, topic), f"# {topic}\n\n{words}\n\n```{{apis}} {broker}\n{topic}\n```\n"


class Apis(SphinxDirective):
    """All APIs of a topic, or without one what topics there are."""

    required_arguments = 1
    has_content = True

    def run(self) -> list[nodes.Node]:
        broker = self.arguments[0]
        catalogue = catalogues(broker)[broker]
        self.env.note_dependency(str(catalogue.path))
        by_topic = topics(catalogue)
        if not self.content:
            return [node for topic, apis in by_topic.items() for node in _listed(broker, topic, apis)]
        domain = self.env.get_domain("apis")
        for api in by_topic[self.content[0]]:
            domain.data["objects"][broker, api.name] = (self.env.docname, ids_of(api)[0], _searched(api))
        # The headings are no sections of sphinx: it would go through all of them once more for each page of the site.
        return [
            _contents(broker, by_topic[self.content[0]]),
            *(node for api in by_topic[self.content[0]] for node in _told(broker, api)),
        ]


def _listed(broker: str, topic: str, apis: Iterable[Api]) -> Iterator[nodes.Node]:
    title = f"{topic} ({in_english(topic)})"
    section = nodes.section("", nodes.title(title, title), ids=[page_of(broker, topic).rpartition("/")[2]])
    section += _contents(broker, apis)
    yield section


def _contents(broker: str, apis: Iterable[Api]) -> nodes.bullet_list:
    """Return a list of links to APIs."""
    items = nodes.bullet_list()
    for api in apis:
        text = nodes.Text(_title(api))
        link = pending_xref("", text, refdomain="apis", reftype="api", reftarget=f"{broker} {api.name}")
        items += nodes.list_item("", nodes.paragraph("", "", link))
    return items


# One API


def ids_of(api: Api) -> list[str]:
    """Return the anchors of an API: its ids in every environment and of former times; the first is that of its heading.

    Without an id it is the name. Selectors of style sheets do not begin with a digit.
    """
    ids = [an_id for those in api.ids.values() for an_id in those.values() if an_id]
    found = list(dict.fromkeys([*ids, *api.old])) or [api.name.rpartition("/")[2]]
    return found if found[0][0].isalpha() else [f"channel-{found[0]}", *found]


def _title(api: Api) -> str:
    ids = next(iter(api.ids.values()), {})
    return " ".join((*(ids.values() if any(ids.values()) else [api.name]), api.label))


def _searched(api: Api) -> str:
    """Return what the search looks at: ids of all environments and former times, label and name."""
    others = [an_id for an_id in (*ids_of(api)[1:], api.name) if an_id not in _title(api).split()]
    return " ".join((_title(api), *others))


def _told(broker: str, api: Api) -> Iterator[nodes.Node]:
    first, *others = ids_of(api)
    anchors = "".join(f'<span id="{escape(each)}"></span>' for each in others)
    link = f'<a class="headerlink" href="#{escape(first)}" title="Link to this API">¶</a>'
    heading = f"{anchors}<h2>{escape(_title(api))}{link}</h2>"
    yield nodes.raw("", f'<section id="{escape(first)}">{heading}\n{_head(broker, api)}', format="html")
    for language, call in (("python", specification.python_call), ("text", specification.shell_call)):
        text = "\n".join(call(broker, api, variant) for variant in specification.variants(api))
        yield nodes.literal_block(text, text, language=language, classes=["api-call"])
    tables = [_table("Request", api.request, specification.filled(broker, api))]
    tables += [_table(specification.title_of(group), group.fields, ()) for group in api.groups]
    tables += [_table("Frame", api.frame, ())]
    yield nodes.raw("", "\n".join((*tables, "</section>")), format="html")


def _head(broker: str, api: Api) -> str:
    told = {"name": api.name, **specification.head(broker, api)}
    left = {
        label: f"{value}"
        for label, value in told.items()
        if label not in ("broker", "topic") and not label.startswith("call")
    }
    rows = "\n".join(f"<dt>{escape(label)}</dt>\n<dd>{escape(value)}</dd>" for label, value in left.items())
    return f'<dl class="api-head">{rows}</dl>'


def _table(title: str, fields: Iterable[Field], nobody: Container[str]) -> str:
    """Return the fields as a table, in which columns are left out that say nothing."""
    rows = [row for field in fields for row in _rows(field, field.name in nobody)]
    if not rows:
        return ""
    kept = [label for label in rows[0] if label == "field" or any(row[label] for row in rows)]
    # The search reads what is left without tags: cells have to be apart then.
    head = "\n".join(f"<th>{escape(label)}</th>" for label in kept)
    cells = ["\n".join(f"<td>{row[label]}</td>" for label in kept) for row in rows]
    lines = "\n".join(f"<tr>{each}</tr>" for each in cells)
    table = f'<table class="docutils api-fields"><thead><tr>{head}</tr></thead><tbody>{lines}</tbody></table>'
    caption = f'<p class="api-part">{escape(title)}</p>'
    return f'{caption}<div class="table-wrapper docutils container">{table}</div>'


def _rows(field: Field, is_filled: bool, inside: str = "") -> Iterator[Mapping[str, str]]:
    row = next(specification.rows_of(field, is_filled, inside))
    told = {label: escape(f"{value}") for label, value in row.items()}
    yield {**told, "field": f"<code>{told['field']}</code>", "values": _codes(told["values"], field)}
    for each in field.fields:
        yield from _rows(each, is_filled=False, inside=f"{inside}{field.name}.")


def _codes(words: str, field: Field) -> str:
    codes = specification.codes_of(field)
    if not codes:
        return ""
    lines = "<br>\n".join(f"<code>{escape(code)}</code> {escape(meaning)}".rstrip() for code, meaning in codes.items())
    if len(codes) <= FEW:
        return f"{words}<br>\n{lines}" if words else lines
    return f"<details><summary>{len(codes)} {words}</summary>\n{lines}</details>"


# What the search finds


class ApiDomain(Domain):
    """The APIs by id, name and label, so that the search of the site finds each of them."""

    name = "apis"
    label = "APIs"
    object_types = {"api": ObjType("API", "api")}
    initial_data: dict[str, Any] = {"objects": {}}

    def clear_doc(self, docname: str) -> None:
        kept = {key: told for key, told in self.data["objects"].items() if told[0] != docname}
        self.data["objects"] = kept

    def merge_domaindata(self, docnames: set[str], otherdata: dict[str, Any]) -> None:
        self.data["objects"] |= {key: told for key, told in otherdata["objects"].items() if told[0] in docnames}

    def get_objects(self) -> Iterator[tuple[str, str, str, str, str, int]]:
        for (broker, name), (page, anchor, title) in self.data["objects"].items():
            yield f"{broker} {name}", title, "api", page, anchor, 0

    def get_type_name(self, type: ObjType, primary: bool = False) -> str:
        return type.lname

    def resolve_xref(
        self, env: Any, fromdocname: str, builder: Any, typ: str, target: str, node: Any, contnode: Any
    ) -> Any:
        page, anchor, _ = self.data["objects"][tuple(target.split(" ", 1))]
        return make_refnode(builder, fromdocname, page, anchor, contnode)


def setup(app: Sphinx) -> dict[str, bool]:
    """Connect what makes the pages."""
    app.add_domain(ApiDomain)
    app.add_directive("apis", Apis)
    app.add_css_file("apis.css")
    app.connect("builder-inited", write_pages)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
