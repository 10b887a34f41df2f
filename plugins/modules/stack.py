#!/usr/bin/python

# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

DOCUMENTATION = r"""
module: stack
short_description: Create, update and delete a Heat stack in several clouds
version_added: 1.0.0
description:
  - Ensures that every selected Location has a stack of the given template, environments, files and parameters, in parallel. Also deletes
    stacks.
  - A stack is identified by its name, which Heat allows once in a project.
  - A stack is updated if the task sends something else than the last one did, or if Heat shows something else than was sent, because
    another tool has changed it. What was sent is remembered as a keyed digest in a tag of the stack that begins with C(oaktree:), so
    that a change of a parameter that Heat hides is seen, too. The page Stacks in the documentation of the collection says how.
  - An update replaces all of template, environments, files and parameters. A parameter that the task no longer names returns to its
    default.
  - Where nothing is to be done, it sends four requests to each Location, one more if there are files, and one for each distinct reference.
extends_documentation_fragment:
  - oaktree.multicloud._locations
  - oaktree.multicloud._locations.write
  - oaktree.multicloud._attributes
  - oaktree.multicloud._attributes.action_group
  - oaktree.multicloud._guides.stacks
options:
  name:
    description:
      - The name of the stack.
    type: str
    required: true
  state:
    description:
      - V(present) creates the stack where it is missing, and updates it where it differs. A stack in a failed or rolled back state is
        updated, which has Heat try again.
      - V(absent) deletes it. A deletion that fails is tried once more. Where Heat is not offered, nothing is to be done.
    type: str
    choices: [present, absent]
    default: present
  template:
    description:
      - The template, a file on the host that runs the task, in YAML or JSON.
      - Files that it refers to with C(get_file), or as the C(type) of a resource that ends in C(.yaml) or C(.template), are sent with it,
        and so are the files that these refer to. They must be below the directory of the template or of an environment, or be listed in
        O(files). URLs are rejected.
      - V(present) requires this or O(template_body).
      - Mutually exclusive with O(template_body).
    type: path
  template_body:
    description:
      - The template itself, as text or as a mapping. Files that it refers to must be listed in O(files).
    type: raw
  environments:
    description:
      - Environments, as paths of files or as mappings. Where several say the same, the later one wins; mappings are merged. A mapping
        must not have parameters that the template hides.
      - The templates in their C(resource_registry) are sent as well.
    type: list
    elements: raw
    default: []
  files:
    description:
      - Files that the module does not find by itself, by the name that the template uses. A value is a path, or C({content=TEXT}).
    type: dict
    default: {}
  parameters:
    description:
      - Parameters of the template. They win over those in O(environments).
      - A value may be a reference by name that says its type, as in C({name=fedora, type=image.image}). It is resolved at each Location,
        and the stack gets the ID. Types are those of M(oaktree.multicloud.resource_info). Where the parameter is called like an
        attribute of resources, as C(network_id), the type may be omitted.
      - Parameters that the template hides are rejected here. They belong under O(secrets).
      - A value of null is the same as none.
    type: dict
    default: {}
  secrets:
    description:
      - Parameters that are never shown or logged. They win over O(parameters).
      - In the template, such a parameter should have C(hidden=true). Heat shows it to everybody in the project otherwise.
    type: dict
    default: {}
  overrides:
    description:
      - Parameters for some of the Locations only. They are merged into O(parameters) and O(secrets); later entries win.
    type: list
    elements: dict
    default: []
    suboptions:
      locations:
        description:
          - Patterns or Locations as in O(locations), matched against the selected Locations. A pattern that matches none is not an error.
        type: raw
        required: true
      parameters:
        description:
          - See O(parameters).
        type: dict
      secrets:
        description:
          - See O(secrets).
        type: dict
  tags:
    description:
      - All tags of the stack, but for the one that the module needs itself. If omitted, tags are left alone.
    type: list
    elements: str
  rollback:
    description:
      - Whether Heat returns to the previous state if a creation or update fails. The Location fails all the same.
    type: bool
    default: false
  replace:
    description:
      - Delete the stack and create it anew if its creation or deletion has failed before, or if a parameter differs that the template
        declares as C(immutable). All its resources are lost.
      - Without it, a stack whose creation has failed is updated, and the other cases fail with the kind C(conflict).
    type: bool
    default: false
  keep_failed:
    description:
      - Keep a new stack that could not be created, or not within O(wait_timeout), to look for the reason. By default it is deleted
        again. The failure reports the reason in either case.
    type: bool
    default: false
  digest_key:
    description:
      - The secret from which the key of the digest is derived. If omitted, it is the password or secret in C(clouds.yaml).
      - Set it if several users with credentials of their own manage a stack with secrets, or if their passwords change often. A stack with
        hidden parameters is otherwise updated once each time.
    type: str
  wait:
    description:
      - Wait until Heat has created, updated or deleted the stack. Without it, failures of Heat are not seen.
      - If something is in progress on the stack that must end first, the module waits for that in any case.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait, in addition to O(timeout). Heat has the same limit, in whole minutes.
    type: float
    default: 3600
attributes:
  check_mode:
    support: full
    details:
      - Heat previews the creation or update without changing anything, and rejects what it would reject in a real run.
  diff_mode:
    support: full
    details:
      - Shows what differs of template, files, parameters, environment and tags. Hidden parameters and O(secrets) are masked.
  idempotent:
    support: full
seealso:
  - module: oaktree.multicloud.stack_info
author:
  - oaktree.multicloud contributors (@oaktree-multicloud)
"""

EXAMPLES = r"""
- name: Create the same stack in every region of two clouds
  oaktree.multicloud.stack:
    locations: [alpha, beta]
    name: app
    template: templates/app.yaml
    environments: [environments/common.yaml, environments/production.yaml]
    parameters:
      image: {name: base, type: image.image}
      replicas: 2
    secrets:
      database_password: "{{ vault_database_password }}"
    overrides:
      - locations: [beta]
        parameters: {replicas: 4}

- name: See what would change
  oaktree.multicloud.stack:
    locations: [alpha, beta]
    name: app
    template: templates/app.yaml
    parameters:
      image: {name: base, type: image.image}
      replicas: 3
  check_mode: true
  diff: true
  register: plan

- name: Create a small stack without a file
  oaktree.multicloud.stack:
    locations: [alpha]
    name: word
    template_body:
      heat_template_version: "2018-08-31"
      resources:
        word:
          type: OS::Heat::RandomString
      outputs:
        word: {value: {get_attr: [word, value]}}
  register: word

- name: Use an output
  ansible.builtin.debug:
    msg: "{{ word.results[0].outputs.word }}"

- name: Delete it
  oaktree.multicloud.stack:
    locations: [alpha]
    name: word
    state: absent
"""

RETURN = r"""
results:
  description: What was done, or in check mode would be done, in each Location that did not fail.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: alpha/north/demo, cloud: alpha, region: north, zone: null}}
    action:
      description: One of V(created), V(updated), V(replaced), V(deleted) and V(unchanged).
      type: str
      sample: created
    stack:
      description:
        - The record of the stack, as M(oaktree.multicloud.stack_info) returns it with details; null if there is none, or in check mode if it
          would be created.
      type: dict
      sample: {id: 8f1b9b0c-6f5c-4d5e-9d6e-0a4c2c2f7d5a, name: app, status: CREATE_COMPLETE}
    outputs:
      description:
        - The outputs of the stack by name; empty in check mode if it would be created.
        - Secrets of the task are masked in them. An output may reveal others, such as a generated password; use C(no_log) then.
      type: dict
      sample: {address: 10.0.0.12}
    resources:
      description:
        - The resources of the stack that were changed (with O(wait)), or in check mode would be changed as far as Heat knows, sorted by name. Those
          within a nested stack are part of the resource that is that stack.
      type: list
      elements: dict
      contains:
        name: {description: The name in the template., type: str, sample: db}
        type: {description: The type of the resource., type: str, sample: "OS::Nova::Server"}
        action: {description: "One of created, updated, replaced and deleted.", type: str, sample: replaced}
      sample: [{name: db, type: "OS::Nova::Server", action: replaced}]
    notes:
      description: What could not be compared, and which outputs have no value.
      type: list
      elements: str
      sample: ["output address: The Referenced Attribute (db first_address) is incorrect."]
failures:
  description: The Locations that failed.
  returned: always
  type: list
  elements: dict
  contains:
    location: {description: The Location., type: dict, sample: {name: beta/east/demo, cloud: beta, region: east, zone: null}}
    error:
      description: What happened. If Heat has failed, the resources that failed first, and their reasons.
      type: str
      sample: "stack 'app' could not be created: CREATE_FAILED: web.port: Conflict: No more IP addresses available on network 70a5."
    kind:
      description: One of config, auth, unreachable, timeout, throttled, quota, refused, conflict, integrity, server, input, internal.
      type: str
      sample: server
    hint: {description: What you can do about it., type: str, sample: "Check that the cloud answers, or raise wait_timeout."}
"""

from typing import TYPE_CHECKING, Any

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import InputError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Selection
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Target
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.module import (
    ArgumentSpec,
    check_positive,
    make_module,
    run_state,
    target_spec,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._run.overrides import Override
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.deploy import ensure_stack
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.desired import DesiredStack, check_desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._stack.template import load

if TYPE_CHECKING:
    from collections.abc import Mapping

    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.ensure import Change
    from ansible_collections.oaktree.multicloud.plugins.module_utils._run.gather import Result

SPEC = ArgumentSpec(
    options={
        "name": {"type": "str", "required": True},
        "state": {"type": "str", "choices": ["present", "absent"], "default": "present"},
        "template": {"type": "path"},
        "template_body": {"type": "raw"},
        "environments": {"type": "list", "elements": "raw", "default": []},
        "files": {"type": "dict", "default": {}},
        "parameters": {"type": "dict", "default": {}},
        "secrets": {"type": "dict", "no_log": True, "default": {}},
        "overrides": {
            "type": "list",
            "elements": "dict",
            "default": [],
            "options": {
                "locations": {"type": "raw", "required": True},
                "parameters": {"type": "dict"},
                "secrets": {"type": "dict", "no_log": True},
            },
        },
        "tags": {"type": "list", "elements": "str"},
        "rollback": {"type": "bool", "default": False},
        "replace": {"type": "bool", "default": False},
        "keep_failed": {"type": "bool", "default": False},
        "digest_key": {"type": "str", "no_log": True},
        "wait": {"type": "bool", "default": True},
        "wait_timeout": {"type": "float", "default": 3600.0},
    },
    mutually_exclusive=[["template", "template_body"]],
)

_AS_THEY_ARE = (
    "name", "state", "parameters", "secrets", "rollback", "replace", "keep_failed", "digest_key", "wait",
    "wait_timeout",
)  # fmt: skip


def as_desired(params: Mapping[str, Any]) -> DesiredStack:
    """The options as they are applied, with the template and its files. Raises InputError."""
    check_positive(params, "wait_timeout")
    sources = None
    if params["state"] == "present":
        if params["template"] is None and params["template_body"] is None:
            raise InputError("template: state present needs it, or template_body")
        sources = load(params["template"], params["template_body"], params["environments"], params["files"])
    desired = DesiredStack(
        sources=sources,
        tags=None if params["tags"] is None else tuple(params["tags"]),
        overrides=tuple(as_override(override) for override in params["overrides"]),
        **{option: params[option] for option in _AS_THEY_ARE},
    )
    check_desired(desired)
    return desired


def as_override(params: Mapping[str, Any]) -> Override:
    options = {key: value for key, value in params.items() if key != "locations" and value is not None}
    return Override(Selection.parse(params["locations"], "overrides[].locations"), options)


def main() -> None:
    module = make_module(target_spec(writes=True, timeout=300.0).merge(SPEC))
    params = module.params
    target = Target.from_options(params)

    def act(check_mode: bool) -> list[Result[Change]]:  # noqa: FBT001
        return ensure_stack(target, as_desired(params), check_mode=check_mode)

    run_state(module, f"stack {params['name']!r}", act)


if __name__ == "__main__":
    main()
