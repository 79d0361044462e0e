"""The pages become a site without a warning, nothing public is missing from it, and every link leads somewhere."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from collections import Counter
from dataclasses import dataclass
from enum import Enum
from html import unescape
from html.parser import HTMLParser
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import pytest
from sphinx.util.inventory import InventoryFile

import brokerkit
from brokerkit import sandbox, testing, transport
from brokerkit.asking.inquiries import HOOKS
from brokerkit.catalogue import Api, Catalogue
from brokerkit.models import Model

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
    listed = re.findall(r"```\{toctree\}\n(.*?)```", (DOCS / "index.md").read_text(encoding="utf-8"), re.DOTALL)
    entries = [line for part in listed for line in part.splitlines() if line and not line.startswith(":")]
    pages = [path.relative_to(DOCS).as_posix().removesuffix(".md") for path in PAGES]
    assert Counter([*entries, "index"]) == Counter(pages)


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
