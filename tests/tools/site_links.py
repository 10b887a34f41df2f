# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later

"""An extension of Sphinx: links and entries of the index that no author writes.

Where a guide names a module, plugin or role in full, the site links its page. What antsibull-docs refers to in
Ansible's own documentation is linked there, without the inventory of that site, which a build without network cannot
have. The index has every plugin, every option, and every heading of the guides.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from docutils import nodes
from sphinx.addnodes import index, pending_xref
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.transforms import SphinxTransform
from sphinx.util.typing import ExtensionMetadata

from tests.tools.site import REFERENCE

_NAME = re.compile(r"oaktree\.multicloud\.(\w+)")
_KINDS = ("module", "inventory", "role", "filter", "lookup")  # what a name means that several kinds have
_ANSIBLE = "https://docs.ansible.com/ansible/latest/"
_BUILTIN = re.compile(r"ansible_collections\.ansible\.builtin\.(\w+_(?:module|lookup|filter|inventory|cache))")
_LABELS = {
    "ansible_configuration_settings": "reference_appendices/config.html",
    "action_plugins": "plugins/action.html",
    "common_return_values": "reference_appendices/common_return_values.html",
}
_OPTION = re.compile(r"ansible_collections\.oaktree\.multicloud\.(\w+)_([a-z]+)__parameter-(?:\w+__)?([\w/]+)")


def _link_names(app: Sphinx, document: nodes.document) -> None:
    """Make references of the names in a guide's code font, outside headings and links."""
    if app.env.docname.startswith(REFERENCE):
        return
    pages = app.env.found_docs
    for literal in list(document.findall(nodes.literal)):
        named = _NAME.fullmatch(literal.astext())
        if not named or isinstance(literal.parent, nodes.title | nodes.reference | pending_xref):
            continue
        kind = next((kind for kind in _KINDS if f"{REFERENCE}/{named[1]}_{kind}" in pages), None)
        if kind:
            target = f"ansible_collections.oaktree.multicloud.{named[1]}_{kind}"
            link = pending_xref(
                "", refdomain="std", reftype="ref", reftarget=target, refexplicit=True, refdoc=app.env.docname
            )
            literal.replace_self(link)
            link += literal


class _Index(SphinxTransform):
    """Puts what a page is about into the index, before Sphinx looks for entries."""

    default_priority: Any = 840

    def apply(self, **_kwargs: Any) -> None:
        """Add the entries to the page."""
        entries = [("single", text, place, "", None) for text, place in self._found()]
        self.document.insert(0, index(entries=entries))

    def _found(self) -> Iterator[tuple[str, str]]:
        folder, _slash, page = self.env.docname.rpartition("/")
        name, _mark, kind = page.rpartition("_")
        if folder == REFERENCE and kind in _KINDS:
            yield f"{name} ({kind})", ""
            for label, place in self.document.nameids.items():
                option = _OPTION.fullmatch(label)
                if option and place:
                    yield f"{option[3].replace('/', '.')} (option); {name} ({kind})", place
        elif not folder:
            title, *sections = self.document.findall(nodes.section)
            yield title[0].astext(), ""
            for section in sections:
                yield f"{section[0].astext()}; {title[0].astext()}", section["ids"][0]


def _link_ansible(
    _app: Sphinx, _env: BuildEnvironment, node: pending_xref, content: nodes.Element
) -> nodes.Element | None:
    """Resolve a reference to Ansible's own documentation; None leaves it to be reported."""
    target = node["reftarget"]
    builtin = _BUILTIN.fullmatch(target)
    if builtin:
        page = f"collections/ansible/builtin/{builtin[1]}.html"
    elif node["reftype"] == "envvar" and target.startswith("ANSIBLE_"):
        page = f"reference_appendices/config.html#envvar-{target}"
    elif target in _LABELS:
        page = _LABELS[target]
    else:
        return None
    return nodes.reference("", "", content, refuri=_ANSIBLE + page, internal=False)


def setup(app: Sphinx) -> ExtensionMetadata:
    """Tell Sphinx what this extension does."""
    app.connect("doctree-read", _link_names)
    app.add_transform(_Index)
    app.connect("missing-reference", _link_ansible)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
