# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""The options that all modules for one type of resource have."""

from __future__ import annotations


class ModuleDocFragment:
    STATE = r"""
options:
  state:
    description:
      - V(present) creates the resource where it is missing, and changes what the task names where it differs.
      - V(absent) deletes it.
    type: str
    choices: [present, absent]
    default: present
notes:
  - Only what the task names is compared and changed. An option that is omitted changes nothing.
  - An option that names another resource takes its name, which is resolved at each Location. It also takes a mapping, C({id=ID}),
    or C({name=NAME, project_id=ID}) to tell resources of one name apart.
  - Where nothing is to be done, the module sends one request to each Location, and one for each distinct name that is resolved.
"""

    NAMED = r"""
options:
  name:
    description:
      - The name, which identifies the resource among those that the project owns. If several have it, the Location fails with the
        kind C(conflict), and lists their IDs.
    type: str
  id:
    description:
      - The ID, in place of O(name) or beside it; with both, the resource of this ID is renamed. A resource of an ID that does not exist is
        not created, unless users may choose IDs of its type.
    type: raw
  replace:
    description:
      - Delete the resource and create it anew where something differs that cannot be changed, or where it is in an error state. It then has
        another ID, and loses all that the task does not name. If it cannot be created, it is gone.
      - Without it, such a Location fails with the kind C(conflict) and both values.
    type: bool
    default: false
"""

    WAIT = r"""
options:
  wait:
    description:
      - Wait until the resource is ready, or gone.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait, in addition to O(timeout).
    type: float
    default: 300
"""

    LIST = r"""
options:
  filters:
    description:
      - Query parameters of the service's list, by openstacksdk's names or by the service's own. The cloud decides what a filter does.
      - A value that is an ID may be a reference by name, as in C(network_id={name=private}).
    type: dict
  fields:
    description:
      - The keys of the records to keep, in addition to C(location), which every record keeps. If omitted, all keys are kept; with an empty
        list, only the location.
      - O(query) sees only the keys that are kept; what is found, and the order of the list, do not depend on them.
      - Unknown keys are rejected with a list of the valid ones.
    type: list
    elements: str
  query:
    description:
      - A JMESPath expression over the merged list. Its result, which must be a list, is returned instead.
    type: str
  all_projects:
    description:
      - List the resources of all projects of a cloud. Most clouds allow this to administrators only.
      - Without it, administrators see what ordinary users of their project would see, also of services that list all projects for them.
    type: bool
    default: false
requirements:
  - jmespath (for O(query))
notes:
  - Sends one request for each page of each Location, and one for each distinct name that is resolved. Processes that ask for the same
    list at the same time share one request.
"""

    FIND = r"""
options:
  name:
    description:
      - Return only resources with exactly this name.
    type: str
  id:
    description:
      - Return only the resource with this ID. Locations that do not have it contribute nothing.
      - Mutually exclusive with O(name) and O(filters).
    type: raw
"""
