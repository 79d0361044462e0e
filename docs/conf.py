"""How these pages become a site: `make docs`."""

from __future__ import annotations

import importlib
import pkgutil
import re
import sys
from pathlib import Path

from docutils import nodes
from sphinx.addnodes import pending_xref
from sphinx.application import Sphinx
from sphinx.pycode import ModuleAnalyzer

import brokerkit
from brokerkit import broker, registry, sandbox
from brokerkit.orders import journal
from brokerkit.stream import stream
from brokerkit.verbs import streams as verbs

# Known to type checkers only, and autodoc would leave the other types of that signature unread too.
registry.Sandbox = sandbox.Sandbox
broker.Intent, broker.Reconciliation = brokerkit.Intent, brokerkit.Reconciliation
broker.Journal = journal.Journal
verbs.Stream, stream.AsyncStream = brokerkit.Stream, brokerkit.AsyncStream

project = "brokerkit"
copyright = "2026 The brokerkit authors"
version = release = brokerkit.__version__
language = "en"

sys.path.insert(0, str(Path(__file__).parent))  # for apis.py and languages.py, which stand beside this file
extensions = ["myst_parser", "sphinx.ext.autodoc", "apis", "languages"]
source_suffix = {".md": "markdown"}
exclude_patterns = ["_build", "examples"]
templates_path = ["_templates"]
highlight_language = "text"

html_theme = "furo"
html_title = "brokerkit"
html_static_path = ["_static"]
html_copy_source = False
# Pages whose tables are so long that a box above them filters their rows; pages of APIs have one too.
html_context = {"filtered": ["brokers", "configuration", "errors", "models", "terms"]}
html_show_sourcelink = False

myst_heading_anchors = 4

# Docstrings are written to be read in the source too: one backtick marks code.
default_role = "literal"
autodoc_class_signature = "separated"
autodoc_member_order = "bysource"
autodoc_preserve_defaults = True
autodoc_typehints_format = "short"
python_use_unqualified_type_names = True
python_maximum_signature_line_length = 90
python_display_short_literal_types = True
autodoc_default_options = {
    "members": True,
    "undoc-members": True,
    "exclude-members": "model_config, __init__, __new__",
}

# Nothing is fetched while the site is built, so what other projects define has no page to link to.
nitpick_ignore_regex = [
    (
        r"py:.*",
        r"(abc|collections|contextlib|datetime|dt|decimal|enum|os|pathlib|pydantic|pytest|_pytest|starlette)\..*",
    ),
    (r"py:.*", r"Decimal|Field|MeterProvider|Path|PathLike|SecretStr"),
    # Of the sandbox the reference has what a test of yours needs, not what holds it together.
    (r"py:class", r"brokerkit\.sandbox(\.\w+){2,3}|Faults"),
    # Type variables, the function in the value of an alias, and what goes between the order desk and the client.
    (r"py:(class|obj)", r"brokerkit\.(transport\.(\w+\.([RMKT]|_\w+)|permits\.Permit)|text\.(sanitize|_words))|[RMKT]"),
    # What a subscription gives, and what a client of an adapter is.
    (r"py:(class|obj)", r"brokerkit\.stream\.\w+\.[EC]|[EC]"),
    # What a list of models is made of, and what it becomes.
    (r"py:class", r"brokerkit\.models\.(table\.M|columns\.Column)|(pandas|polars)\.DataFrame"),
    # What may go out stands in itself, and a check of the kit is any function.
    (r"py:class", r"brokerkit\.testing\.declared\.Check|Value|(Sequence|Mapping)\[.*Value\]"),
]

PLAIN_TYPES = {
    "type": "type",
    **dict.fromkeys(("Exact", "_Given"), "Decimal"),
    "Moment": "datetime",
    "Date": "date",
    "StrictBool": "bool",
    "StrictInt": "int",
    "_GivenSymbol": "str",
    "_GivenType": "OrderType",
    "_GivenVenue": "Venue",
}
# A generic model with its argument counts as defined where it was first written so.
_REPLY = re.compile(r"brokerkit\w*\.[\w.]*\bReply")
REPLY = "brokerkit.transport.endpoint.Reply"
LONG = 40
README_PAGES = {"README.md": "index.md", "README.ko.md": "index.ko.md", "CHANGELOG.md": "changelog.md"}
_TARGET = re.compile(r"(?<=\]\()(?!\w+:|#)([^)#\s]+)")


def _site_target(path: str) -> str:
    """Return what a link from the top of the repository is called among these pages."""
    return README_PAGES.get(path) or (path.removeprefix("docs/") if path.startswith("docs/") else f"../{path}")


def _move_links_of_included(app: Sphinx, path: Path, parent: str, content: list[str]) -> None:
    """Let the links of a file at the top of the repository work from here as well."""
    content[0] = _TARGET.sub(lambda found: _site_target(found[1]), content[0])


def _move_links_to_included(app: Sphinx, page: str, content: list[str]) -> None:
    """Lead links to a file that is a page of the site to that page."""
    up = "../" * (page.count("/") + 1)
    for name, target in README_PAGES.items():
        content[0] = content[0].replace(f"]({up}{name}", f"]({up[3:]}{target}")


def _read_docstring_of_name(
    app: Sphinx, what: str, name: str, value: object, options: object, lines: list[str]
) -> None:
    """Give a name that a package passes on the docstring that stands below it in its own module.

    Python keeps none for it, and autodoc would show that of the value's type.
    """
    if what != "data":
        return
    module, _, own = name.rpartition(".")
    package = importlib.import_module(module)
    modules = [module, *(f"{module}.{each.name}" for each in pkgutil.iter_modules(getattr(package, "__path__", ())))]
    found = (ModuleAnalyzer.for_module(each).find_attr_docs().get(("", own)) for each in modules)
    lines[:] = next(filter(None, found), [])


def _name_types(app: Sphinx, doctree: nodes.document) -> None:
    """Show what our own names for numbers stand for, and keep `type` from being taken for the field of that name.

    What is documented under another module leads there.
    """
    for reference in doctree.findall(pending_xref):
        if reference.get("refdomain") == "py" and reference["reftarget"] in PLAIN_TYPES:
            reference.replace_self(nodes.Text(PLAIN_TYPES[reference["reftarget"]]))
        elif _REPLY.fullmatch(reference.get("reftarget", "")):
            reference["reftarget"] = REPLY


def _mark_long_cells(app: Sphinx, doctree: nodes.document) -> None:
    """Let a cell of many words keep a width that can be read."""
    for cell in doctree.findall(nodes.entry):
        if len(cell.astext()) > LONG:
            cell["classes"].append("long")


def setup(app: Sphinx) -> None:
    """Connect the events."""
    app.connect("autodoc-process-docstring", _read_docstring_of_name)
    app.connect("doctree-read", _name_types)
    app.connect("doctree-read", _mark_long_cells)
    app.connect("include-read", _move_links_of_included)
    app.connect("source-read", _move_links_to_included)
