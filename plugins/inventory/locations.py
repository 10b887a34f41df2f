# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: locations
short_description: Locations as inventory hosts, in shards for many of them
version_added: 1.0.0
description:
  - Makes hosts of your Locations, on which tasks of this collection run for these Locations. The tasks run on the machine that runs Ansible,
    so that C(forks), C(serial), C(--limit), and slices of AWX distribute the work.
  - With O(by=shard), each host is a shard of about O(size) Locations. Each task starts one process for each host, which works on all its
    Locations in parallel. This is the way for hundreds of Locations and more.
  - The source is a YAML file with C(plugin) as one of its keys; its name does not matter.
  - Without O(probe), no request is sent to any cloud.
  - Each host gets the variable C(locations), a list of patterns that selects exactly its Locations, for the option of that name. A host
    that is exactly one Location also gets C(location), with its cloud, region and project.
  - C(ansible_connection) is V(local), and C(ansible_python_interpreter) is the Python that runs Ansible, also where the inventory was
    made by another one.
  - All hosts are in the group C(locations). With O(by=location), those of each cloud are also in C(locations_CLOUD).
  - A failed Location fails its host, and Ansible runs no further task on a failed host. Use C(on_failure=warn) in tasks, and act on
    C(failures) of their results, where the other Locations of a shard are to go on.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - ansible.builtin.constructed
  - oaktree.multicloud._guides.scale
options:
  plugin:
    description: Marks the file as a source of this plugin.
    type: str
    required: true
    choices: [oaktree.multicloud.locations]
  by:
    description:
      - What each host stands for.
      - V(shard) is a number of whole clouds. The regions of a cloud stay together, so that they need one token and can hand images on to
        each other. The shard of a cloud depends on its name and the number of shards only.
      - V(cloud) is a cloud with all its selected regions.
      - V(location) is a single Location. Each host costs a process per task, so this is for small numbers of Locations.
    type: str
    choices: [cloud, location, shard]
    default: shard
  size:
    description:
      - How many Locations a shard has on average, with O(by=shard).
      - The number of shards is the number of selected Locations divided by this, rounded up. Shards without a cloud are omitted.
      - A change of the number of shards moves clouds between them.
    type: int
    default: 100
  prefix:
    description:
      - Text that the names of all hosts begin with. The default is V(shard-) with O(by=shard), as in C(shard-001), and else none.
      - If a host of that name stands for other Locations already, because of another source, the source fails. Another prefix avoids that.
    type: str
  probe:
    description:
      - Whether to probe each Location for its capabilities, which costs a token for each cloud and about ten small requests for each
        Location.
      - Each host gets the variable C(capabilities), a dictionary from the name of each Location to C(answers), C(roles),
        C(service_types) and C(image_upload), as M(oaktree.multicloud.location_info) returns them. A Location that does not answer has
        V(false) as C(answers), and its host stays.
    type: bool
    default: false
  on_failure:
    description:
      - How a cloud that cannot be configured, or a Location that O(probe) finds failing, affects the source.
      - V(warn) prints one warning for each that reports the cause and a remedy. If no Location can be configured, the source fails.
      - V(fail) fails the source.
    type: str
    choices: [fail, warn]
    default: warn
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.location_info
  - plugin: oaktree.multicloud.servers
    plugin_type: inventory
"""

EXAMPLES = r"""
# locations.yml: all Locations in shards of about 100
plugin: oaktree.multicloud.locations

---
# The play that publishes an image to all of them: ansible-playbook -i locations.yml --forks 10 publish.yml
- hosts: locations
  gather_facts: false
  tasks:
    - name: Publish an image in all Locations of the shard
      oaktree.multicloud.image:
        name: fedora-43
        path: images/fedora-43.qcow2
        locations: "{{ locations }}"
        on_failure: warn

---
# A host for each region of the clouds of one site group, with a group of those that import images from URLs
plugin: oaktree.multicloud.locations
locations: ["edge-west-*"]
by: location
prefix: west-
probe: true
groups:
  web_download: "'web-download' in (capabilities[location.name].image_upload.import_methods | default([]))"
"""

from typing import TYPE_CHECKING, Any

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleParserError
from ansible.plugins.inventory import Constructable
from ansible.template import trust_as_template

from ansible_collections.oaktree.multicloud.plugins.module_utils._location.locations import (
    configured,
    location_record,
    probed,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import (
    Target,
    failure_messages,
    failure_summary,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import check_positive
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.errors import plugin_errors, require_libraries
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.all_or_none import all_or_none
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.groups import make_groups
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.sources import YAML, plugin_named_in
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.templated_options import TemplatedOptions
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.units import GROUP, Unit, make_units
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import check_names, checked_options

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

    from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location

INTERPRETER = "{{ ansible_playbook_python }}"
"""The Python that runs Ansible when a task runs. A path would be that of the machine that made the inventory."""
PROBED = "image_upload"
CAPABILITIES = ("answers", "roles", "service_types", PROBED)


class InventoryModule(TemplatedOptions, Constructable):
    """See DOCUMENTATION."""

    NAME = "oaktree.multicloud.locations"

    def verify_file(self, path: str) -> bool:
        """Whether the source may name this plugin: in one that is vaulted, nothing can be read before `parse`."""
        return bool(super().verify_file(path)) and path.endswith(YAML) and plugin_named_in(path) in (None, self.NAME)

    def parse(
        self,
        inventory: InventoryData,
        loader: DataLoader,
        path: str,
        cache: bool = True,  # noqa: FBT001, FBT002 - Ansible's signature
    ) -> None:
        """Fill the inventory, or leave it as it was and raise AnsibleParserError."""
        super().parse(inventory, loader, path, cache)
        require_libraries()
        with plugin_errors(AnsibleParserError, self.display):
            source = self._read_config_data(path)
            check_names(source, self.option_definitions, {})
            options = checked_options(self.get_options())
            check_positive(options, "size")
            locations, capabilities = self._locations(options)
        groups = {*LOCALHOST, GROUP, *inventory.groups}
        units = make_units(locations, options["by"], options["size"], options["prefix"], groups)
        for unit in units:
            self._check_free(inventory, unit)
        with all_or_none(inventory, [unit.name for unit in units]):
            self._populate(inventory, units, capabilities)
            for unit in units:
                self._construct(inventory, unit.name)

    def _locations(self, options: Mapping[str, Any]) -> tuple[list[Location], dict[str, dict[str, Any]] | None]:
        """The configured Locations and, if they are probed, their capabilities by name."""
        target = Target.from_options(options)
        known = configured(target)
        results = probed(target, (PROBED,)) if options["probe"] else known
        locations = [result.location for result in known if not result.error]
        if any(result.error for result in results) and (options["on_failure"] == "fail" or not locations):
            raise AnsibleParserError(failure_summary(results))
        for message in failure_messages(results):
            self.display.warning(message)
        if not options["probe"]:
            return locations, None
        records = {result.location.name: location_record(result) for result in results}
        return locations, {name: {key: record[key] for key in CAPABILITIES} for name, record in records.items()}

    def _check_free(self, inventory: InventoryData, unit: Unit) -> None:
        """Raise AnsibleParserError if another source has a host of this name that is something else."""
        other = inventory.hosts.get(unit.name)
        if other and other.vars.get("locations") != _patterns(unit):
            raise AnsibleParserError(
                f"prefix: another source has a host {unit.name} that does not stand for these Locations. "
                "Set another prefix."
            )

    def _populate(
        self, inventory: InventoryData, units: Sequence[Unit], capabilities: Mapping[str, dict[str, Any]] | None
    ) -> None:
        inventory.add_group(GROUP)
        made = make_groups({unit.cloud for unit in units if unit.cloud}, self._sanitize_group_name)
        for group in made.values():
            inventory.add_group(group.name)
            inventory.add_child(GROUP, group.name)
        for unit in units:
            inventory.add_host(unit.name, group=made[unit.cloud].name if unit.cloud else GROUP)
            inventory.set_variable(unit.name, "ansible_connection", "local")
            inventory.set_variable(unit.name, "ansible_python_interpreter", trust_as_template(INTERPRETER))
            inventory.set_variable(unit.name, "locations", _patterns(unit))
            if len(unit.locations) == 1:
                inventory.set_variable(unit.name, "location", unit.locations[0].to_dict())
            if capabilities is not None:
                inventory.set_variable(
                    unit.name, "capabilities", {name: capabilities[name] for name in _patterns(unit)}
                )

    def _construct(self, inventory: InventoryData, name: str) -> None:
        """Evaluate the user's templates."""
        strict = self.get_option("strict")
        variables = inventory.hosts[name].get_vars()
        self._set_composite_vars(self.get_option("compose"), variables, name, strict)
        variables = inventory.hosts[name].get_vars()
        self._add_host_to_composed_groups(self.get_option("groups"), variables, name, strict, fetch_hostvars=False)
        self._add_host_to_keyed_groups(self.get_option("keyed_groups"), variables, name, strict, fetch_hostvars=False)


def _patterns(unit: Unit) -> list[str]:
    """What selects exactly the Locations of a host."""
    return [location.name for location in unit.locations]
