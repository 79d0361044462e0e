"""The pages become a site without a warning, nothing public is missing from it, and every link leads somewhere."""

from __future__ import annotations

import importlib.util
import json
import posixpath
import re
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from enum import Enum
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from bs4 import BeautifulSoup, Tag
from sphinx.util.inventory import InventoryFile

import brokerkit
from brokerkit import sandbox, testing, transport
from brokerkit.asking.inquiries import HOOKS
from brokerkit.catalogue import Api, Catalogue
from brokerkit.models import Model
from tests import chromium

pytestmark = pytest.mark.timeout(1200)  # the first of them builds the site
ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
MADE = DOCS / "reference" / "apis"
"""Pages that are written while the site is built."""
PAGES = sorted(page for page in DOCS.rglob("*.md") if MADE not in page.parents)
DOCUMENTS = [*sorted(ROOT.glob("*.md")), *PAGES, *sorted(ROOT.glob("plugins/*/*.md"))]
KOREAN = [page for page in PAGES if page.name.endswith(".ko.md")]
TRANSLATED_IN_PLACE = {"index.md": ROOT / "README.md", "index.ko.md": ROOT / "README.ko.md"}


@dataclass(frozen=True)
class Site:
    """The built site: its folder, what the build said, and the names that the reference describes."""

    folder: Path
    said: str
    described: frozenset[str]


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    work = tmp_path_factory.mktemp("site")
    folder = work / "html"
    command = [sys.executable, "-m", "sphinx", "-W", "--keep-going", "-n", "-q", "-b", "html"]
    done = subprocess.run(  # noqa: S603
        [*command, "-d", str(work / "doctrees"), str(DOCS), str(folder)],
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        cwd=work,
    )
    assert done.returncode == 0, done.stdout
    found = InventoryFile.loads((folder / "objects.inv").read_bytes(), uri="").data
    described = {name for kind, names in found.items() if kind.startswith("py:") for name in names}
    return Site(folder, done.stdout, frozenset(described))


@pytest.mark.slow
def test_the_site_is_built_without_a_word(site: Site) -> None:
    assert site.said == ""
    assert "brokerkit.Broker.quote" in site.described


@pytest.mark.slow
@pytest.mark.parametrize("module", [brokerkit, transport, sandbox, testing])
def test_every_public_name_is_in_the_reference(module: object, site: Site) -> None:
    name = module.__name__  # type: ignore[attr-defined]
    assert {f"{name}.{each}" for each in module.__all__} <= site.described  # type: ignore[attr-defined]


@pytest.mark.slow
def test_every_verb_field_and_member_is_in_the_reference(site: Site) -> None:
    wanted = {f"brokerkit.Broker.{verb}" for verb in HOOKS}
    for name in brokerkit.__all__:
        kind = getattr(brokerkit, name)
        if isinstance(kind, type) and issubclass(kind, Model):
            wanted |= {f"brokerkit.{name}.{field}" for field in kind.model_fields}
        if isinstance(kind, type) and issubclass(kind, Enum):
            wanted |= {f"brokerkit.{name}.{member}" for member in kind.__members__}
    assert len(wanted) > 100
    assert wanted <= site.described


@pytest.mark.slow
def test_every_hook_of_an_adapter_is_in_the_reference(site: Site) -> None:
    hooks = {f"brokerkit.part.Part.{hook}" for hook in HOOKS.values()}
    assert hooks | {"brokerkit.adapter.Adapter.account_of_key", "brokerkit.part.Part.security_type"} <= site.described


@pytest.mark.slow
def test_what_pydantic_adds_is_not_in_the_reference(site: Site) -> None:
    shown = {name for name in site.described if name.rpartition(".")[2].startswith("model_")}
    ours = ("model_copy", "model_validate", "model_validate_json")
    assert shown == {f"brokerkit.OrderRequest.{name}" for name in ours}


@pytest.mark.slow
def test_words_below_a_field_are_shown(site: Site) -> None:
    page = (site.folder / "reference" / "models.html").read_text(encoding="utf-8")
    assert "Deposit of today (예수금), before unsettled trades; None where the broker does not tell it." in page
    assert "Accepted by the broker, nothing more known yet." in page


def test_every_page_is_in_the_table_of_contents_once() -> None:
    """A Korean page stands in that of the Korean start page, which also leads to pages that are in English alone."""
    entries = [entry for start in ("index", "index.ko") for entry in listed_in(start) if "<" not in entry]
    pages = [path.relative_to(DOCS).as_posix().removesuffix(".md") for path in PAGES]
    assert Counter([*entries, "index"]) == Counter(pages)


def listed_in(start: str) -> list[str]:
    """Return the entries of the tables of contents of a start page."""
    listed = re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / f"{start}.md").read_text(encoding="utf-8"), re.DOTALL)
    return [line for part in listed for line in part.splitlines() if line and not line.startswith(":")]


# Languages


@pytest.mark.parametrize("korean", KOREAN, ids=lambda page: page.name)
def test_a_korean_page_and_its_english_one_lead_to_each_other(korean: Path) -> None:
    english = korean.with_name(korean.name.replace(".ko.md", ".md"))
    sources = [TRANSLATED_IN_PLACE.get(page.name, page) for page in (korean, english)]
    for source, other in (sources, sources[::-1]):
        assert f"]({other.name})" in source.read_text(encoding="utf-8")


def test_readme_quickstart_errors_safety_and_tutorial_are_in_korean_too() -> None:
    needed = {"index.ko.md", "quickstart.ko.md", "errors.ko.md", "order-safety.ko.md", "writing-a-broker.ko.md"}
    assert needed <= {page.name for page in KOREAN}


@pytest.mark.slow
def test_a_page_names_its_language(site: Site) -> None:
    for page in PAGES:
        html = site.folder / page.relative_to(DOCS).with_suffix(".html")
        language = "ko" if page in KOREAN else "en"
        assert f'<html class="no-js" lang="{language}"' in html.read_text(encoding="utf-8")


@pytest.mark.slow
def test_every_page_leads_to_its_twin_or_says_that_it_has_none(site: Site) -> None:
    texts = texts_of(site)
    for name, text in texts.items():
        (switch,) = re.findall(r'<article.*<nav class="languages".*?>(.*?)</nav>', text, re.DOTALL)
        twin = name.removesuffix(".ko") if name.endswith(".ko") else f"{name}.ko"
        ((link, language),) = re.findall(r'<a href="([^"#]+)\.html" hreflang="(..)"', switch)
        target = posixpath.normpath(posixpath.join(posixpath.dirname(name), link))
        assert target == (twin if twin in texts else "index.ko"), name
        assert language == ("en" if name.endswith(".ko") else "ko"), name
        assert ("이 문서는 영어로만 있습니다." in switch) == (twin not in texts), name
    assert {"search", "search.ko", "index.ko"} <= texts.keys()


def texts_of(site: Site) -> dict[str, str]:
    """Return all pages of the site by name."""
    return {
        path.relative_to(site.folder).with_suffix("").as_posix(): path.read_text(encoding="utf-8")
        for path in sorted(site.folder.rglob("*.html"))
    }


@pytest.fixture(scope="module")
def pages(site: Site) -> dict[str, BeautifulSoup]:
    """The pages by name, but for those of topics, which one program makes and which are long."""
    texts = {name: text for name, text in texts_of(site).items() if not re.match(r"reference/apis/\w+/", name)}
    return {name: BeautifulSoup(text, "html.parser") for name, text in texts.items()}


@pytest.mark.slow
def test_no_link_has_the_name_of_a_page_as_its_text(pages: dict[str, BeautifulSoup]) -> None:
    texts = {link.text for page in pages.values() for link in page.select("a")}
    assert [text for text in texts if re.search(r"\.md$", text.strip())] == []
    start, its_twin = (pages[name].select_one("article") for name in ("index", "index.ko"))
    assert start is not None
    assert its_twin is not None
    assert "Quickstart" in [link.text for link in start.select('a[href="quickstart.html"]')]
    assert "빠른 시작" in [link.text for link in its_twin.select('p a[href="quickstart.ko.html"]')]


@pytest.mark.slow
def test_around_a_page_all_words_are_of_its_language(pages: dict[str, BeautifulSoup]) -> None:
    """But for names, and for pages in English alone that the Korean tree says to be so."""
    for name, page in pages.items():
        korean = name.endswith(".ko")
        tree = [link for link in page.select(".sidebar-tree a") if link["href"] != "#"]
        assert all((str(link["href"]).endswith(".ko.html")) == korean for link in tree if is_twin(link)), name
        beside = [link["href"] for link in page.select(".related-pages a")]
        assert all(".ko.html" in str(target) for target in beside) if korean else True, name
        assert not any(".ko.html" in str(target) for target in beside) if not korean else True, name
        if not korean:
            continue
        for article in page.select("article"):
            article.extract()
        around = page.get_text(" ", strip=True) + " ".join(
            str(each["aria-label"]) for each in page.select("[aria-label]")
        )
        for word in ("Search", "Next", "Previous", "Home", "On this page", "Contents", "Skip", "Back to", "Toggle"):
            assert not re.search(rf"\b{word}\b", around), (name, word)
        if page.select(".toc-tree"):
            assert "이 문서의 차례" in around


def is_twin(link: Tag) -> bool:
    return (DOCS / f"{Path(str(link['href'])).name.removesuffix('.html').removesuffix('.ko')}.ko.md").exists() and (
        "reference/" not in str(link["href"])
    )


# What a reader's browser asks for


class Loads(HTMLParser):
    """Collects what a page loads by itself: scripts, styles, pictures, frames."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attributes: list[tuple[str, str | None]]) -> None:
        values = dict(attributes)
        if tag in ("script", "img", "iframe", "source", "embed"):
            self.found.append(values.get("src") or "")
        if tag == "link":
            self.found.append(values.get("href") or "")


@pytest.mark.slow
def test_nothing_is_loaded_from_elsewhere(site: Site) -> None:
    loads = Loads()
    for page in site.folder.rglob("*.html"):
        loads.feed(page.read_text(encoding="utf-8"))
    styles = "".join(style.read_text(encoding="utf-8") for style in site.folder.rglob("*.css"))
    found = [*loads.found, *re.findall(r"(?:url\(|@import)\s*[\"']?([^\"')\s;]+)", styles)]
    assert any(each.endswith(".js") for each in loads.found)
    assert [each for each in found if re.match(r"//|(?!data:)\w+:", each)] == []


# All APIs


def apis_of(broker: str) -> dict[str, list[Api]]:
    """Return the APIs of a broker by topic."""
    found: dict[str, list[Api]] = {}
    for api in Catalogue.at(f"brokerkit_{broker}"):
        found.setdefault(api.topic, []).append(api)
    return found


@pytest.fixture(scope="module")
def maker() -> ModuleType:
    """What makes the pages of all APIs."""
    spec = importlib.util.spec_from_file_location("made_apis", DOCS / "apis.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.slow
@pytest.mark.parametrize("broker", ["kis", "kiwoom"])
def test_every_api_has_each_of_its_ids_as_an_anchor_and_all_its_fields(
    broker: str, site: Site, maker: ModuleType
) -> None:
    for topic, apis in apis_of(broker).items():
        html = (site.folder / f"{maker.page_of(broker, topic)}.html").read_text(encoding="utf-8")
        anchors = Counter(re.findall(r'\bid="([^"]+)"', html))
        assert max(anchors.values()) == 1, topic
        shown = set(re.findall(r"<code>([^<]+)</code>", html))
        for api in apis:
            ids = {an_id for those in api.ids.values() for an_id in those.values() if an_id} | set(api.old)
            assert ids <= anchors.keys(), api.name
            assert ids or api.name.rpartition("/")[2] in anchors
            parts = (api.request, api.frame, *(group.fields for group in api.groups))
            assert {field.name for part in parts for field in part} <= shown, api.name
            assert api.label in unescape(html)


@pytest.mark.slow
def test_an_api_tells_what_it_does_how_it_is_called_and_which_verb_covers_it(site: Site, maker: ModuleType) -> None:
    topic = Catalogue.at("brokerkit_kiwoom").api("ka10059").topic
    html = (site.folder / f"{maker.page_of('kiwoom', topic)}.html").read_text(encoding="utf-8")
    told = html.partition('<section id="ka10059">')[2].partition("</section>")[0]
    section = " ".join(unescape(re.sub(r"<[^>]+>", "", told)).split())
    for words in (
        "read: asks",
        "verb investor_flow",
        "real ka10059; demo ka10059",
        "pages several",
        'broker.call("ka10059", {',
        "brokerkit call ka10059 ",
        "stk_cd 종목코드 yes 20",
    ):
        assert words in section


@pytest.mark.slow
def test_an_api_of_several_ids_is_called_by_each_of_them(site: Site, maker: ModuleType) -> None:
    topic = Catalogue.at("brokerkit_kis").api("TTTC0012U").topic
    html = (site.folder / f"{maker.page_of('kis', topic)}.html").read_text(encoding="utf-8")
    told = html.partition('<section id="TTTC0011U">')[2].partition("</section>")[0]
    section = unescape(re.sub(r"<[^>]+>", "", told))
    for variant in ("buy", "sell"):
        assert f'broker.call("domestic_stock/order_cash/{variant}", {{' in section
        assert f"brokerkit call domestic_stock/order_cash/{variant} " in section


@pytest.fixture(scope="module")
def index(site: Site) -> dict[str, Any]:
    """What the search of the site reads."""
    text = (site.folder / "searchindex.js").read_text(encoding="utf-8")
    found: dict[str, Any] = json.loads(text.removeprefix("Search.setIndex(").removesuffix(")"))
    return found


@pytest.mark.slow
@pytest.mark.parametrize("words", ["투자자", "ka10059", "FHKST01010900", "TTTC0802U", "inquire_investor"])
def test_the_search_finds_apis_by_word_id_and_name(words: str, index: dict[str, Any], site: Site) -> None:
    """The search compares what is typed with each of these, in small letters."""
    objects = [each for those in index["objects"].values() for each in those]
    found = [each for each in objects if words.lower() in each[4].lower()]
    expected = {"투자자": "FHKST01010900", "inquire_investor": "FHKST01010900", "TTTC0802U": "TTTC0011U"}.get(
        words, words
    )
    at = [(page, anchor) for page, _, _, anchor, name in found if expected in name]
    assert at
    for page, anchor in at:
        html = (site.folder / f"{index['docnames'][page]}.html").read_text(encoding="utf-8")
        assert f'<section id="{anchor}">' in html


@pytest.mark.slow
@pytest.mark.parametrize(
    ("field", "pages"), [("stck_prpr", "reference/apis/kis/"), ("ind_invsr", "reference/apis/kiwoom/")]
)
def test_the_search_finds_the_pages_that_have_a_field(field: str, pages: str, index: dict[str, Any]) -> None:
    found = index["terms"][field]
    names = [index["docnames"][page] for page in (found if isinstance(found, list) else [found])]
    assert any(name.startswith(pages) for name in names)


def test_every_topic_has_an_english_name_and_a_page_of_its_own(maker: ModuleType) -> None:
    for broker in maker.BROKERS:
        pages = [maker.page_of(broker, topic) for topic in apis_of(broker)]
        assert len(set(pages)) == len(pages) > 20
        assert all(page.isascii() for page in pages)


def test_sources_of_pages_are_written_where_they_are_new_and_taken_away_where_they_are_old(
    tmp_path: Path, maker: ModuleType
) -> None:
    maker.write_pages(SimpleNamespace(srcdir=tmp_path))
    folder = tmp_path / "reference" / "apis"
    pages = sorted(folder.rglob("*.md"))
    assert len(pages) == 2 + sum(len(apis_of(broker)) for broker in maker.BROKERS)
    kept = {page: page.stat().st_mtime_ns for page in pages}
    old = folder / "kis" / "gone.md"
    old.write_text("# Gone\n", encoding="utf-8")
    maker.write_pages(SimpleNamespace(srcdir=tmp_path))
    assert {page: page.stat().st_mtime_ns for page in sorted(folder.rglob("*.md"))} == kept


# Links of the sources, as a code host shows them


def prose_of(document: Path) -> str:
    """Return the text of a document without its code."""
    text = re.sub(r"^( *)(`{3,}).*?^\1\2`*$", "", document.read_text(encoding="utf-8"), flags=re.DOTALL | re.MULTILINE)
    return re.sub(r"^ {4}.*$", "", text, flags=re.MULTILINE)


def anchors_of(document: Path) -> set[str]:
    """Return the anchors of a document's headings, as code hosts and the site name them."""
    seen: Counter[str] = Counter()
    anchors = set()
    for heading in re.findall(r"^#{1,6} +(.+?) *$", prose_of(document), re.MULTILINE):
        slug = re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-")
        anchors.add(f"{slug}-{seen[slug]}" if seen[slug] else slug)
        seen[slug] += 1
    return anchors


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_every_link_leads_somewhere(document: Path) -> None:
    for target in re.findall(r"\]\(([^)\s]+)\)", prose_of(document)):
        if re.match(r"\w+:", target):
            continue
        name, _, anchor = target.partition("#")
        path = document.parent / name if name else document
        assert path.exists(), target
        assert not anchor or anchor in anchors_of(path), target


def test_anchors_are_made_of_headings(tmp_path: Path) -> None:
    page = tmp_path / "page.md"
    page.write_text("# What `to_model` does!\n\n```\n# no heading\n```\n\n## 한국어\n\n## 한국어\n", encoding="utf-8")
    assert anchors_of(page) == {"what-to_model-does", "한국어", "한국어-1"}


# In a browser

WIDTHS = (390, 768, 1300)
"""Pixels: a telephone, a tablet, a laptop."""
READ = (
    *(f"{page.name.removesuffix('.md')}.html" for page in KOREAN),
    *("index.html", "models.html", "brokers.html", "terms.html", "errors.html", "search.html", "genindex.html"),
    *("reference/broker.html", "reference/models.html", "reference/apis/kis.html"),
    *("reference/apis/kis/domestic-stocks-prices.html", "reference/apis/kiwoom/domestic-stocks-symbols.html"),
)
COLUMNS = 115
"""So long a line of code needs no scrolling on a laptop. A Korean word of more than ten letters may be wider than a
telephone, as the brokers' names of APIs are in a heading."""
needs_chromium = pytest.mark.skipif(chromium.PROGRAM is None, reason="there is no Chromium here")


@pytest.fixture(scope="module")
def tab() -> Iterator[chromium.Tab]:
    with chromium.tab() as one:
        yield one


LOOK = """(columns) => {
  const article = document.querySelector("article[role=main]");
  const box = article.getBoundingClientRect();
  const wrong = [];
  const tell = (what, each) => wrong.push(`${what}: ${each.textContent.trim().slice(0, 60)}`);
  for (const each of [document.scrollingElement, document.querySelector(".content")])
    if (each.scrollWidth > each.clientWidth) tell(`${each.scrollWidth} wide in ${each.clientWidth}`, each);
  if (box.right > innerWidth) tell("beyond the window", article);
  for (const each of article.querySelectorAll("pre, .highlight, .table-wrapper, table, img, p, dd, li, .filter")) {
    if (each.closest(".table-wrapper") && !each.matches(".table-wrapper")) continue;
    const { left, right } = each.getBoundingClientRect();
    if (left < box.left - 1 || right > box.right + 1) tell("out of the text", each);
  }
  const width = (line) => [...line].reduce((sum, each) => sum + (/[\\u1100-\\uffdc]/.test(each) ? 2 : 1), 0);
  if (innerWidth >= 1300)
    for (const each of article.querySelectorAll("pre"))
      if (Math.max(...each.textContent.split("\\n").map(width)) <= columns && each.scrollWidth > each.clientWidth)
        tell("needs scrolling", each);
  const walker = document.createTreeWalker(article, NodeFilter.SHOW_TEXT);
  const range = document.createRange();
  while (walker.nextNode())
    for (const word of walker.currentNode.textContent.matchAll(/[\\p{L}\\p{N}]+/gu)) {
      if (!/[가-힣]/.test(word[0]) || word[0].length > 10) continue;
      range.setStart(walker.currentNode, word.index);
      range.setEnd(walker.currentNode, word.index + word[0].length);
      if (new Set([...range.getClientRects()].map((each) => Math.round(each.top))).size > 1)
        wrong.push(`broken: ${word[0]}`);
    }
  return wrong;
}"""


@needs_chromium
@pytest.mark.slow
def test_nothing_leaves_its_box_and_no_korean_word_breaks(site: Site, tab: chromium.Tab) -> None:
    wrong = {}
    for page in READ:
        tab.open(site.folder / page)
        for width in WIDTHS:
            tab.resize(width)
            found = tab.run(f"({LOOK})({COLUMNS})")
            if found:
                wrong[page, width] = found
    assert wrong == {}


@needs_chromium
@pytest.mark.slow
def test_a_wide_table_scrolls_in_its_own_box_on_a_telephone(site: Site, tab: chromium.Tab) -> None:
    tab.resize(WIDTHS[0])
    tab.open(site.folder / "brokers.ko.html")
    sizes = "[...document.querySelectorAll('.table-wrapper')].map((each) => [each.scrollWidth, each.clientWidth])"
    wide, shown = max(tab.run(sizes))
    assert wide > 2 * shown
    narrowest = "Math.min(...[...document.querySelectorAll('td.long')].map((each) => each.offsetWidth))"
    assert tab.run(narrowest) > 200


CONTRAST = """() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const light = (colour) => {
    const [red, green, blue] = numbers(colour).map((each) => {
      const part = each / 255;
      return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
    });
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue;
  };
  const below = (each) => {
    for (; each; each = each.parentElement) {
      const colour = getComputedStyle(each).backgroundColor;
      const [, , , alpha = 1] = numbers(colour);
      if (alpha === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const found = {};
  for (const each of document.querySelectorAll("article *, .sidebar-tree *, .toc-tree *")) {
    const has = [...each.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.textContent.trim());
    if (!has || each.matches(".headerlink") || !each.getClientRects().length) continue;
    const { color } = getComputedStyle(each);
    const [low, high] = [light(color), light(below(each))].sort((one, other) => one - other);
    const contrast = (high + 0.05) / (low + 0.05);
    if (contrast < 4.5) found[`${color} on ${below(each)}: ${each.className}`] = contrast;
  }
  return [getComputedStyle(document.querySelector("article")).color, below(document.querySelector("article")), found];
}"""


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize("page", ["quickstart.ko.html", "errors.html", "reference/broker.html", READ[-1]])
def test_dark_and_light_are_different_and_both_can_be_read(page: str, site: Site, tab: chromium.Tab) -> None:
    tab.resize(WIDTHS[-1])
    seen = {}
    for scheme in ("dark", "light"):
        tab.prefer(scheme)
        tab.open(site.folder / page)
        text, ground, unreadable = tab.run(f"({CONTRAST})()")
        assert unreadable == {}, scheme
        seen[scheme] = (text, ground)
    assert seen["dark"][0] != seen["light"][0]
    assert seen["dark"][1] != seen["light"][1]


def search(site: Site, tab: chromium.Tab, words: str, page: str = "search.ko.html") -> list[str]:
    """Type words into the page of the search, and return where its results lead."""
    tab.open(site.folder / page)
    tab.type(".search-again input", words)
    tab.enter()
    tab.wait("location.search && document.querySelector('.search-summary')?.textContent")
    links = "[...document.querySelectorAll('ul.search > li > a')].map((each) => each.getAttribute('href'))"
    return [str(link) for link in tab.run(links)]


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize(
    ("words", "pages"),
    [
        ("미체결", ["orders.ko.html", "errors.ko.html"]),
        ("미체결을", ["orders.ko.html"]),
        ("정정", ["orders.ko.html", "order-safety.ko.html"]),
        ("정정부터", ["orders.ko.html", "order-safety.ko.html"]),
        ("정정과", ["orders.ko.html", "order-safety.ko.html"]),
        ("예약주문", ["orders.ko.html", "brokers.ko.html"]),
        ("예약 주문", ["orders.ko.html", "brokers.ko.html"]),
        ("모의거래소", ["sandbox.ko.html", "quickstart.ko.html"]),
        ("매매동향 투자자별", ["market-data.ko.html"]),
        ("투자자", ["reference/apis/kiwoom/domestic-stocks-symbols.html#ka10059", "market-data.ko.html"]),
        ("stck_prpr", ["reference/apis/kis/domestic-stocks-prices.html"]),
        ("output1.stck_prpr", ["reference/apis/kis/domestic-stocks-prices.html"]),
        ("ORD_UNPR", ["reference/apis/kis/domestic-stocks-orders-and-account.html"]),
        ("ord_uv", ["reference/apis/kiwoom/domestic-stocks-orders.html"]),
        ("FHKST01010100", ["reference/apis/kis/domestic-stocks-prices.html#FHKST01010100", "brokers.ko.html"]),
        ("ka10001", ["reference/apis/kiwoom/domestic-stocks-symbols.html#ka10001"]),
        ("TTTC0802U", ["reference/apis/kis/domestic-stocks-orders-and-account.html#TTTC0011U"]),
        ("reconcile", ["order-safety.ko.html"]),
    ],
)
def test_the_search_finds_korean_words_and_the_brokers_names(
    words: str, pages: list[str], site: Site, tab: chromium.Tab
) -> None:
    found = search(site, tab, words)
    assert set(pages) <= set(found)
    both = [page for page in found if page.replace(".html", ".ko.html") in found]
    assert all(found.index(page.replace(".html", ".ko.html")) < found.index(page) for page in both)


@needs_chromium
@pytest.mark.slow
def test_korean_pages_stand_among_the_first_that_are_found(site: Site, tab: chromium.Tab) -> None:
    assert any(".ko.html" in page for page in search(site, tab, "정정", "search.html")[:5])
    assert search(site, tab, "미체결")[0].partition("#")[0].endswith(".ko.html")


@needs_chromium
@pytest.mark.slow
def test_the_search_speaks_the_language_of_its_page(site: Site, tab: chromium.Tab) -> None:
    found = search(site, tab, "reconcile", "search.html")
    assert found.index("order-safety.html") < found.index("order-safety.ko.html")
    assert "Search finished" in tab.run("document.querySelector('#search-results').innerText")
    search(site, tab, "reconcile")
    assert re.search(
        r"^검색 결과\n+\d+건을 찾았습니다\.", tab.run("document.querySelector('#search-results').innerText")
    )
    assert search(site, tab, "없는낱말이다") == []
    assert "찾는 말이 있는 문서가 없습니다." in tab.run("document.querySelector('#search-results').innerText")


SHOWN = "[...document.querySelectorAll('{}')].filter((each) => each.offsetHeight).length"


@needs_chromium
@pytest.mark.slow
@pytest.mark.parametrize(
    ("page", "items", "words"),
    [
        ("brokers.ko.html", "table.docutils tbody tr", "investor_flow 실전"),
        ("brokers.html", "table.docutils tbody tr", "INVESTOR_FLOW real"),
        ("models.html", "table.docutils tbody tr", "price"),
        ("terms.html", "table.docutils tbody tr", "stck_prpr"),
        ("reference/apis/kis.html", "article li", "정정"),
        ("reference/apis/kiwoom/domestic-stocks-symbols.html", "article section section", "stk_cd 기관"),
    ],
)
def test_a_box_filters_what_a_long_page_lists(page: str, items: str, words: str, site: Site, tab: chromium.Tab) -> None:
    tab.resize(WIDTHS[-1])
    tab.open(site.folder / page)
    every = tab.run(SHOWN.format(items))
    tab.type(".filter input", words)
    some = tab.run(SHOWN.format(items))
    assert 0 < some < every / 2
    told = tab.run("document.querySelector('.filter output').textContent")
    assert {int(number) for number in re.findall(r"\d+", told)} == {some, every}
    texts = tab.run(
        f"[...document.querySelectorAll('{items}')].filter((each) => each.offsetHeight).map((each) => each.textContent)"
    )
    assert all(word in text.lower() for text in texts for word in words.lower().split())
    tab.type(".filter input", "zzz")
    assert tab.run(SHOWN.format(items)) == 0
    tab.run("document.querySelector('.filter input').select()")
    tab.ask("Input.dispatchKeyEvent", type="keyDown", key="Delete", code="Delete", windowsVirtualKeyCode=46)
    assert tab.run(SHOWN.format(items)) == every
