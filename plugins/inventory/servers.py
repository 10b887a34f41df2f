# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
name: servers
short_description: Servers of many OpenStack clouds as inventory hosts
version_added: 1.0.0
description:
  - Makes a host of every server in the selected Locations. All Locations are queried in parallel, with one request for each page of each
    Location, and with one token for each cloud and project.
  - The name of the source file must end in C(oaktree.yml), C(oaktree.yaml), C(multicloud.yml) or C(multicloud.yaml).
  - Each host gets the variables C(location), with the cloud, region, zone and project of the server, C(openstack), with the fields of
    its record that most playbooks use or, with O(verbose_vars), all fields, and C(ansible_host), if an address is known. Data
    returned by a cloud is untrusted and never evaluated as a template.
  - Each server is exactly one host. A server is known by its Keystone, region and ID, so that no cloud can take over the hosts of
    another. A server that is reached through two entries of C(clouds.yaml) with the same Keystone becomes one host, in the first
    Location by name.
  - All servers sharing a name get the name C(name.region.cloud). If that is not unique, the first eight characters of the ID are
    added, as in C(name-1c4e07b2.region.cloud), and then the whole ID. The same rule applies to names that a group has, to
    C(localhost), and to the names of hosts that P(oaktree.multicloud.locations#inventory) has made before. A host of another source
    of this plugin keeps its name. If that makes names depend on the order of the sources, a warning says so, and which O(hostnames)
    avoid it.
  - In host names, characters other than letters, digits and C(._-) are replaced by hyphens. A server without a name gets its ID as
    host name.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.read
  - ansible.builtin.constructed
  - ansible.builtin.inventory_cache
  - oaktree.multicloud._guides.inventory
options:
  plugin:
    description: Marks the file as a source of this plugin.
    type: str
    required: true
    choices: [oaktree.multicloud.servers]
  locations:
    description:
      - The Locations whose servers become hosts, as a list of patterns C(cloud[/region[/project]]). Each part is a shell-style glob; a
        cloud alone means all its regions, and V(!pattern) excludes Locations that other patterns select.
      - A pattern that matches nothing is an error that lists what exists.
      - The project part is matched against the name and the ID of the project in C(clouds.yaml). The region V(-) selects a cloud that is
        configured without regions. In names, C(%2F) stands for a slash, and C(%2A) and the like for characters that are special in globs.
      - A Location may also be given as the C(location) of any returned record. Its C(name) is the pattern that selects exactly it.
      - May be a list, text with commas or line breaks, or JSON text, as in V(alpha, beta/east).
      - If omitted, all Locations, or those of the cloud that the environment variable E(OS_CLOUD) names. With O(clouds_config), the variable
        is ignored.
      - This option, O(clouds_yaml), O(clouds_config) and O(filters) may be or contain templates, which may use extra variables and
        lookups.
    type: raw
  on_failure:
    description:
      - How a failed Location affects the source. Every Location is always tried.
      - V(warn) omits the hosts of failed Locations, with one warning for each that reports the cause and a remedy. If all Locations
        failed, the source fails, because an empty inventory would look like one without servers.
      - V(fail) fails the source if any Location failed.
      - V(stale) keeps the hosts that a failed Location had when it last answered, in at most O(stale_for) seconds. They get the
        variable C(location_stale), with C(since), when that was, and the C(error) of now, and are in the group C(stale). This
        applies to failures of the kinds unreachable, timeout, throttled and server only, and to servers of a cell that Nova
        cannot reach. Where nothing is remembered of a Location, it is omitted as with V(warn). If all Locations failed and nothing is
        remembered of any, the source fails.
      - A Location whose hosts are kept is not asked again for two minutes, so that it does not delay each run, unless
        C(--flush-cache) or C(refresh_inventory) of M(ansible.builtin.meta) says so.
      - V(stale) stores listings in private files below E(XDG_CACHE_HOME). In AWX and in other containers that start empty, there
        are none, and it does the same as V(warn). Use V(fail) there, with which AWX keeps the hosts of its last complete update.
      - Ansible decides what happens when a source fails. By default, it prints a warning and continues with the other sources. Set
        C(any_unparsed_is_failed) in the section C([inventory]) of C(ansible.cfg) to make it an error.
    type: str
    choices: [fail, stale, warn]
    default: warn
  stale_for:
    description:
      - Seconds since a Location last answered for which its hosts are kept with O(on_failure=stale), at most 30 days.
    type: float
    default: 86400
  filters:
    description:
      - Query parameters of Nova's server list, passed through to every Location, such as V(status), V(name), V(flavor), V(image) or
        V(tags). The cloud decides what a filter does, and whether ordinary users may use it.
      - The values are text, numbers, booleans, or lists of such. Metadata is no filter of Nova's; use O(groups) for it.
    type: dict
    default: {}
  all_projects:
    description:
      - Include the servers of all projects of a cloud. Most clouds allow this to administrators only.
    type: bool
    default: false
  show_all:
    description:
      - Include servers that have none of the O(addresses).
    type: bool
    default: false
  verbose_vars:
    description:
      - Whether C(openstack) holds the whole record of the server, as M(oaktree.multicloud.server_info) returns it.
      - If V(false), it holds C(id), C(name), C(status), C(created_at), C(key_name), C(metadata), C(tags), C(image), C(public_v4),
        C(public_v6), C(private_v4) and C(private_v6) and, of the C(flavor), C(id), C(name), C(vcpus), C(ram) and C(disk).
      - The templates of O(compose), O(groups) and O(keyed_groups) always see the whole record. With thousands of servers, a line of
        O(compose) for each further field takes a fraction of the time and memory of all fields.
    type: bool
    default: false
  hostnames:
    description:
      - Sources of the host name, in order of preference. The first one that yields a name is used, or the server's ID if none does.
      - V(name), V(id) and V(metadata.KEY) are the server's name, its ID, and the value of a key of its metadata.
      - V(name.region.cloud) gives every host the long form of its name, so that the names do not depend on which other servers
        exist.
      - The kinds of addresses that O(addresses) accepts, such as V(floating_v4), are accepted, too.
    type: list
    elements: str
    default: [name]
  addresses:
    description:
      - Sources of C(ansible_host), in order of preference.
      - V(floating_v4) and V(floating_v6) are floating addresses; V(fixed_v4) and V(fixed_v6) are those of the server's own ports.
      - V(public_v4) and V(public_v6) are floating addresses and globally routed fixed ones; V(private_v4) and V(private_v6) are all
        other fixed ones.
      - V(access_v4) and V(access_v6) are the access addresses that the owner of the server has set in Nova.
      - V(network:NAME) is the address on the network of this name; fixed addresses come before floating ones, and IPv4 before IPv6.
      - V(name) is the name of the server, for names that the controller or a jump host can resolve.
    type: list
    elements: str
    default: [public_v4, fixed_v4, public_v6, fixed_v6]
  location_groups:
    description:
      - Whether to create groups by Location, C(cloud_CLOUD), C(region_CLOUD_REGION), C(zone_CLOUD_REGION_ZONE) and
        C(project_CLOUD_PROJECT). The group of a cloud contains the groups of its regions and projects, the group of a region those
        of its zones.
      - Characters that are not valid in group names are replaced by underscores. If two groups get the same name that way, both get
        a unique suffix.
    type: bool
    default: true
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
seealso:
  - module: oaktree.multicloud.server_info
"""

EXAMPLES = r"""
# prod.oaktree.yml: all servers of all clouds in clouds.yaml
plugin: oaktree.multicloud.servers

---
# Active servers of two clouds, by their addresses on the network mgmt, or else by private or IPv6 ones
plugin: oaktree.multicloud.servers
locations: [alpha, beta/east]
filters:
  status: ACTIVE
addresses: ["network:mgmt", private_v4, fixed_v6]

---
# All clouds except the lab; groups by name, metadata and status, a variable, and names that name the Location
plugin: oaktree.multicloud.servers
locations: ["*", "!lab"]
hostnames: [name.region.cloud]
compose:
  ansible_user: openstack.metadata.login | default('debian')
groups:
  web: "'web' in openstack.name"
keyed_groups:
  - key: openstack.metadata.role | default('')
    prefix: role
  - key: openstack.status | lower
    prefix: status

---
# Hosts stay while their Location does not answer, up to an hour; plays exclude them by "hosts: all:!stale"
plugin: oaktree.multicloud.servers
on_failure: stale
stale_for: 3600

---
# Credentials from the environment, without clouds.yaml; cached for an hour; any failed Location fails the source
plugin: oaktree.multicloud.servers
clouds_config:
  clouds:
    alpha:
      auth_type: v3applicationcredential
      auth:
        auth_url: https://alpha.example.com:5000/v3
        application_credential_id: 4d5ab1f4b7a04a0c8d9f3a2c1b0e9d8c
        application_credential_secret: "{{ lookup('ansible.builtin.env', 'ALPHA_SECRET') }}"
      regions: [north, south]
on_failure: fail
cache: true
cache_plugin: ansible.builtin.jsonfile
cache_connection: ~/.cache/ansible-inventory
cache_timeout: 3600
"""

import json
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any
from weakref import WeakKeyDictionary

from ansible.constants import LOCALHOST
from ansible.errors import AnsibleParserError
from ansible.inventory.host import Host as InventoryHost
from ansible.plugins.inventory import Cacheable, Constructable

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.text import counted, shown_lines
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.filters import as_parameters
from ansible_collections.oaktree.multicloud.plugins.module_utils._facts.servers import ServerQuery, list_servers
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import (
    Target,
    failure_summary,
    gather,
)
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.errors import plugin_errors, require_libraries
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.all_or_none import all_or_none
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.cache_key import options_digest
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.hosts import (
    NEEDED_FIELDS,
    Host,
    Inventory,
    Made,
    Rules,
    make_inventory,
    order_warnings,
    slim,
)
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.last_known import LastKnown
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.names import Server
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.sources import plugin_named_in
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.templated_options import TemplatedOptions
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.inventory.units import is_unit
from ansible_collections.oaktree.multicloud.plugins.plugin_utils.options import check_names, checked_options

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence

    from ansible.inventory.data import InventoryData
    from ansible.parsing.dataloader import DataLoader

    from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.connection import Connection

    Listings = list[list[Any]]
    """Of each Location its Keystone and the records of its servers, in the form of the cache.

    A stale one, which is never cached, has ``{since, error}`` as well.
    """

_made: WeakKeyDictionary[InventoryHost, Made] = WeakKeyDictionary()
"""What this plugin made a host of, from whichever source. Variables of hosts cannot tell: any source may set them."""
TEMPLATES = ("compose", "groups", "keyed_groups")
"""The options that consist of templates for each host."""
COUNTERPARTS = {
    "clouds_yaml_path": "clouds_yaml",
    "expand_hostvars": "verbose_vars",
    "fail_on_errors": "on_failure",
    "inventory_hostname": "hostnames",
    "legacy_groups": "location_groups",
    "only_clouds": "locations",
    "only_ipv4": "addresses: [floating_v4, fixed_v4]",
    "private": "addresses: [fixed_v4, fixed_v6]",
    "server_filters": "filters",
    "use_names": "addresses: [name]",
}
"""What options of the plugin openstack.cloud.openstack are called here."""
PEERS = ("openstack.cloud.openstack", "openstack")
"""What the plugin of openstack.cloud is called in its sources."""
STALE = "stale"
"""The group of hosts whose Location did not answer, and the policy that keeps them."""
SOURCE_NAMES = tuple(f"{name}.{ending}" for name in ("oaktree", "multicloud") for ending in ("yml", "yaml"))


class InventoryModule(TemplatedOptions, Constructable, Cacheable):
    """See DOCUMENTATION."""

    NAME = "oaktree.multicloud.servers"
    TEMPLATED = (*TemplatedOptions.TEMPLATED, "filters")

    def verify_file(self, path: str) -> bool:
        """Whether the source may be one of this plugin, by its name, or if not, has to be told why it is none.

        Ansible shows the error of `parse` if no other plugin reads the source.
        """
        return bool(super().verify_file(path)) and (
            path.endswith(SOURCE_NAMES) or plugin_named_in(path) in (self.NAME, *PEERS)
        )

    def parse(
        self,
        inventory: InventoryData,
        loader: DataLoader,
        path: str,
        cache: bool = True,  # noqa: FBT001, FBT002 - Ansible's signature
    ) -> None:
        """Fill the inventory. Raises AnsibleParserError before any change to it."""
        super().parse(inventory, loader, path, cache)
        require_libraries()
        _check_source(path)
        with plugin_errors(AnsibleParserError, self.display):
            source = self._read_config_data(path)
            check_names(source, self.option_definitions, COUNTERPARTS)
            options = checked_options(self.get_options())
            rules = Rules(**{key: options[key] for key in ("hostnames", "addresses", "show_all", "location_groups")})
            servers = self._servers(options, path, cache=cache)
        others = {name: made for name, host in inventory.hosts.items() if (made := _made.get(host))}
        taken = {name: made.server.identity for name, made in others.items()}
        content = make_inventory(servers, rules, self._sanitize_group_name, self._reserved_names(inventory), taken)
        fresh = {name for name, made in others.items() if not made.server.stale}
        with all_or_none(inventory, [host.name for host in content.hosts]):
            if options["on_failure"] == STALE:
                inventory.add_group(STALE)  # also without hosts: Ansible warns of patterns with a group that is missing
            self._populate(inventory, content, fresh, verbose=options["verbose_vars"])
            self._construct(inventory, content.hosts, fresh)
        for text in order_warnings(content.hosts, path, rules.hostnames, others):
            self.display.warning(text)
        for host in content.hosts:
            target = inventory.hosts[host.name]
            made = _made.setdefault(target, Made(path, host.server, tuple(rules.hostnames)))
            if made.server.stale and not host.server.stale:
                _made[target] = replace(made, server=host.server)
                target.vars.pop("location_stale", None)
                inventory.groups[STALE].remove_host(target)

    # Records: from the clouds or the cache

    def _servers(self, options: Mapping[str, Any], path: str, *, cache: bool) -> list[Server]:
        """All servers, from the cache if it may be used and has them."""
        fields = _fields(options)
        key = f"{self.get_cache_key(path)}_{options_digest(options, fields)}" if options["cache"] else None
        cached = self.cache.get(key, {}).get("listings") if key and cache else None
        listings: Listings | None = json.loads(cached) if isinstance(cached, str) else None
        if listings is None:
            known = LastKnown(options, fields, ask_all=not cache) if options["on_failure"] == STALE else None
            listings, complete = self._gather(options, fields, known)
            if key and complete:
                # As text: of what a cloud has sent, Ansible's cache would make whatever the keys of a mapping say.
                self.cache[key] = {"listings": json.dumps(listings)}
        return [Server(keystone, record, *stale) for keystone, records, *stale in listings for record in records]

    def _gather(
        self, options: Mapping[str, Any], fields: Collection[str] | None, known: LastKnown | None
    ) -> tuple[Listings, bool]:
        """The records from each Location, with its Keystone, and whether every Location answered.

        ``known`` has those of Locations that do not answer.
        """
        filters = as_parameters(options["filters"])
        query = ServerQuery(filters=filters, all_projects=options["all_projects"], fields=fields)

        def listing(connection: Connection) -> list[Any]:
            records = list_servers(connection, query)
            found = [connection.region.settings.keystone, records]
            if known and not _silent(records):
                known.keep(connection.region, found)
            return found

        target = Target.from_options(options)
        results = gather(target, listing, known_failure=known.known_failure if known else None)
        listings: Listings = []
        warnings, remarks = [], []
        for result in results:
            if result.value:
                found, remark = _complete(result.value, result.location.name, known)
                listings += found
                remarks += [f"{result.location}: {remark}"] if remark else []
        for result in results:
            if result.error:
                self.display.vvv(shown_lines("".join(traceback.format_exception(result.error))))
                stale = known.recall(result.location.name, result.error) if known else None
                listings += [[*stale.listing, stale.variable()]] if stale else []
                warnings.append(f"{result.location}: {stale.message() if stale else result.error.summary}")
        if warnings and (options["on_failure"] == "fail" or not listings):
            raise AnsibleParserError(failure_summary(results))
        for text in (*warnings, *remarks):
            self.display.warning(text)
        return listings, not (warnings or remarks)

    # Hosts and groups

    def _reserved_names(self, inventory: InventoryData) -> set[str]:
        """The names that no server may have.

        Those are the names of groups, which Ansible would confuse with it, and of hosts whose tasks run here: localhost,
        and those that stand for Locations.
        """
        own = {STALE} if self.get_option("on_failure") == STALE else set()
        local = {name for name, host in inventory.hosts.items() if is_unit(host.vars)}
        return {*LOCALHOST, *local, *own, *inventory.groups, *map(self._sanitize_group_name, self.get_option("groups"))}

    def _populate(self, inventory: InventoryData, content: Inventory, fresh: Collection[str], *, verbose: bool) -> None:
        """Add the hosts. Those that are ``fresh`` by another source keep their variables where this one has old ones."""
        for group in content.groups:
            inventory.add_group(group.name)
            if group.parent:
                inventory.add_child(group.parent, group.name)
        for host in content.hosts:
            inventory.add_host(host.name)
            for name in host.groups:
                inventory.add_child(name, host.name)
            if host.server.stale and host.name in fresh:
                continue
            # The inventory's own set_variable() copies and tags every value, which takes a third of the time for many
            # servers. Records hold plain JSON types only, and values without a tag are as untrusted as before.
            target = inventory.hosts[host.name]
            target.set_variable("location", host.record["location"])
            target.set_variable("openstack", host.record if verbose else slim(host.record))
            if host.address:
                target.set_variable("ansible_host", host.address)
            if host.server.stale:
                target.set_variable("location_stale", dict(host.server.stale))
                inventory.add_child(STALE, host.name)
        if content.skipped:
            self.display.v(f"Skipped {counted(content.skipped, 'server')} without any of the addresses; see show_all.")

    def _construct(self, inventory: InventoryData, hosts: Sequence[Host], fresh: Collection[str]) -> None:
        """Evaluate the user's templates, those of keyed groups last: only these groups may have the name of a host.

        ``fresh`` is that of `_populate`.
        """
        compose, groups, keyed_groups, strict = map(self.get_option, ("compose", "groups", "keyed_groups", "strict"))

        def variables(host: Host) -> dict[str, Any]:
            return {**inventory.hosts[host.name].get_vars(), "openstack": host.record}

        for host in hosts if compose else ():
            if host.server.stale and host.name in fresh:
                continue
            self._set_composite_vars(compose, variables(host), host.name, strict)
        for host in hosts if groups else ():
            self._add_host_to_composed_groups(groups, variables(host), host.name, strict, fetch_hostvars=False)
        for host in hosts if keyed_groups else ():
            self._add_host_to_keyed_groups(keyed_groups, variables(host), host.name, strict, fetch_hostvars=False)


def _check_source(path: str) -> None:
    """Raise AnsibleParserError, which says what to change, for a source of another plugin, or with a wrong name."""
    rename = "" if path.endswith(SOURCE_NAMES) else f"the name of the file must end in {' or '.join(SOURCE_NAMES)}"
    if plugin_named_in(path) in PEERS:
        options = ", ".join(f"{ours} instead of {theirs}" for theirs, ours in COUNTERPARTS.items())
        changes = "; ".join(filter(None, (f"set plugin: {InventoryModule.NAME}", rename, f"use {options}")))
        raise AnsibleParserError(
            f"{path} is a source of {PEERS[0]}. To make it one of {InventoryModule.NAME}: {changes}. "
            "docs/inventory.md of the collection lists all changes."
        )
    if rename:
        raise AnsibleParserError(f"{path}: {rename}, so that {InventoryModule.NAME} reads it.")


def _silent(records: Sequence[Mapping[str, Any]]) -> set[str]:
    """The IDs of the servers of a cell that Nova cannot reach: it lists them with an ID and little else."""
    return {record["id"] for record in records if record["status"] == "UNKNOWN" and not record["addresses"]}


def _complete(listing: Sequence[Any], location: str, known: LastKnown | None) -> tuple[Listings, str]:
    """The listing of a Location and, if it has servers of a silent cell, a warning.

    Such servers are in a listing of their own, a stale one, if they are remembered.
    """
    keystone, records = listing
    silent = _silent(records)
    if not silent:
        return [[keystone, records]], ""
    error = ServerError(f"Nova cannot reach the cell of {counted(len(silent), 'server')}")
    stale = known.last(location, error) if known else None
    old = [record for record in stale.listing[1] if record["id"] in silent] if stale else []
    if stale is None or not old:
        return [[keystone, records]], f"{error.message}, whose addresses are therefore not known."
    kept = {record["id"] for record in old}
    answered = [record for record in records if record["id"] not in kept]
    warning = f"{error.message}; as it was {stale.age} ago: {counted(len(old), 'host')}."
    return [[keystone, answered], [keystone, old, stale.variable()]], warning


def _fields(options: Mapping[str, Any]) -> Collection[str] | None:
    """The fields of a record that are needed; None means all, if the user's templates or playbooks may use them."""
    every = options["verbose_vars"] or any(options[name] for name in TEMPLATES)
    return None if every else NEEDED_FIELDS
