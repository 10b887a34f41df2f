# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""How Sphinx builds the site of what tests/tools/site.py has laid out for it; `make docs` runs both."""

from __future__ import annotations

project = "oaktree.multicloud"
copyright = "2026, oaktree.multicloud contributors"  # noqa: A001 - as Sphinx calls it
extensions = ["myst_parser", "sphinx_antsibull_ext", "tests.tools.site_links"]

# Fragments are those that the repository's host makes of headings.
myst_heading_anchors = 6
highlight_language = "text"
pygments_style = "ansible"
default_role = "any"
# What stands in a text is what is to be typed: two hyphens stay two.
smartquotes = False
nitpicky = True

# The tables of the reference have the colours of the theme, and text that can be read, light and dark.
_TABLES = {
    "antsibull-links-background": "#1c6f71",
    "antsibull-links-background-active": "#2a8f91",
    "antsibull-narrowtable-background": "var(--color-background-secondary)",
    "antsibull-table-background-even": "var(--color-background-secondary)",
    "antsibull-table-background-header": "var(--color-background-secondary)",
    "antsibull-table-background-odd": "var(--color-background-primary)",
    "antsibull-table-border": "var(--color-background-border)",
}
_DARK = {
    "antsibull-attribute-support-full": "#7ee787",
    "antsibull-attribute-support-none": "#ff7b72",
    "antsibull-attribute-support-partial": "#d5c95a",
    "antsibull-option-aliases": "#7ee787",
    "antsibull-option-default": "#79c0ff",
    "antsibull-option-elements": "#d2a8ff",
    "antsibull-option-required": "#ff7b72",
    "antsibull-option-sample": "#79c0ff",
    "antsibull-option-sample-header": "var(--color-foreground-primary)",
    "antsibull-option-type": "#d2a8ff",
    "antsibull-option-version-added": "#7ee787",
}

html_theme = "furo"
html_title = "oaktree.multicloud"
html_static_path = ["_static"]
html_css_files = ["site.css"]
html_theme_options = {
    "dark_css_variables": {**_TABLES, **_DARK},
    "light_css_variables": {**_TABLES, "antsibull-attribute-support-partial": "#8a6d00"},
    "top_of_page_buttons": [],
}
html_copy_source = False
html_show_sphinx = False
