# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Links to the guides, for the modules and plugins that each is about."""

from __future__ import annotations


class ModuleDocFragment:
    CATALOGUE = r"""
options: {}
seealso:
  - name: "Guide: Image catalogues"
    description: How lists of images are kept, and published everywhere.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/catalogue.md
"""

    DRIFT = r"""
options: {}
seealso:
  - name: "Guide: Drift"
    description: What is compared, and when it counts as the same.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/drift.md
"""

    IMAGES = r"""
options: {}
seealso:
  - name: "Guide: Images"
    description: How images are compared, uploaded, verified and replaced.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/image.md
"""

    INVENTORY = r"""
options: {}
seealso:
  - name: "Guide: Inventory"
    description: Hosts, groups, variables and the cache.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/inventory.md
"""

    OBJECTS = r"""
options: {}
seealso:
  - name: "Guide: Objects"
    description: How content is compared, and how uploads and downloads are resumed.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/objects.md
"""

    OVERVIEW = r"""
options: {}
seealso:
  - name: "Guide: Overview"
    description: Clouds, Locations, and what happens when one of them fails.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/README.md
"""

    REPORT = r"""
options: {}
seealso:
  - name: "Guide: Report"
    description: What a report has, and how it is written.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/report.md
"""

    RESOURCES = r"""
options: {}
seealso:
  - name: "Guide: Resources"
    description: Names in place of IDs, what is compared and changed, and all types.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/resources.md
"""

    REST = r"""
options: {}
seealso:
  - name: "Guide: Requests to APIs"
    description: What is sent, and what is returned.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/rest.md
"""

    SCALE = r"""
options: {}
seealso:
  - name: "Guide: Many sites"
    description: How hundreds of Locations are managed.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/scale.md
"""

    SERVERS = r"""
options: {}
seealso:
  - name: "Guide: Servers"
    description: Where servers are created, what is changed, and what is awaited.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/servers.md
"""

    STACKS = r"""
options: {}
seealso:
  - name: "Guide: Stacks"
    description: When a stack is updated, and what parameters differ between Locations.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/stacks.md
"""

    TABLES = r"""
options: {}
seealso:
  - name: "Guide: Tables"
    description: What is shown at a terminal, and in which columns.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/tables.md
"""

    UPLOAD_SESSIONS = r"""
options: {}
seealso:
  - name: "Guide: Upload sessions"
    description: How another host uploads an image.
    link: https://github.com/oaktree-multicloud/oaktree.multicloud/blob/main/docs/upload-sessions.md
"""
