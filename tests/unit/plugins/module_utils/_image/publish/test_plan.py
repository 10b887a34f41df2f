# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""Decisions: what is wanted and what is there, and what follows."""

from __future__ import annotations

from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._cloud.capabilities import ImageCapabilities
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ConflictError, RefusedError
from ansible_collections.oaktree.multicloud.plugins.module_utils._core.location import Location
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import REPLACES
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.desired import Desired
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.context import PlanContext
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import Plan, make_plan
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.survey import Survey
from tests.support.image_contexts import OLD, SAME, case
from tests.support.image_samples import OTHER, image, recorded, source

PUT_ONLY = ImageCapabilities((), ())
STAGED = ImageCapabilities(("web-download", "glance-direct"), ())


def plan(options: dict[str, Any], *images: dict[str, Any], **survey: Any) -> Plan:
    """The plan for the options; ``content: False`` among them leaves the image's content out of it."""
    options = dict(options)
    origin = source() if options.pop("content", True) else None
    wanted = Desired(**{"name": "thing", "state": "present", **options})
    found = Survey(images=images, **{"offers": STAGED, **survey})
    return make_plan(PlanContext(Location("alpha", "north"), wanted, found, "https://keystone", "raw", origin))


def patch(planned: Plan) -> dict[str, Any]:
    """Key to (operation, value)."""
    return {change["path"][1:]: (change["op"], change.get("value")) for change in planned.changes}


META: dict[str, Any] = {"content": False}
INACTIVE: dict[str, Any] = {"content": False, "state": "inactive"}
ABSENT: dict[str, Any] = {"content": False, "state": "absent"}


@pytest.mark.parametrize(
    ("options", "images", "action", "activation", "removed"),
    [
        pytest.param({}, [], "created", None, [], id="nothing-there"),
        pytest.param({}, [image()], "unchanged", None, [], id="same-there"),
        pytest.param({}, [image(data=OTHER)], "replaced", None, [1], id="other-there"),
        pytest.param({}, [image(data=b"", **recorded())], "replaced", None, [1], id="empty-with-our-record"),
        pytest.param({}, [image(data=OTHER, disk_format="qcow2", **recorded())], "unchanged", None, [], id="converted"),
        pytest.param({}, [image(status="deactivated")], "updated", "reactivate", [], id="same-but-inactive"),
        pytest.param({}, [image(data=OTHER, status="deactivated")], "replaced", None, [1], id="other-and-inactive"),
        pytest.param(META, [image()], "unchanged", None, [], id="nothing-asked"),
        pytest.param({"state": "inactive"}, [], "created", "deactivate", [], id="create-inactive"),
        pytest.param({"state": "inactive"}, [image(data=OTHER)], "replaced", "deactivate", [1], id="replace-inactive"),
        pytest.param(INACTIVE, [image()], "updated", "deactivate", [], id="deactivate"),
        pytest.param(INACTIVE, [image(status="deactivated")], "unchanged", None, [], id="inactive-already"),
        pytest.param(ABSENT, [], "unchanged", None, [], id="absent-already"),
        pytest.param(ABSENT, [image()], "deleted", None, [1], id="absent"),
        pytest.param(ABSENT, [image(1), image(2, OTHER)], "deleted", None, [1, 2], id="absent-removes-all"),
        pytest.param(ABSENT, [image(status="deactivated")], "deleted", None, [1], id="absent-inactive"),
        pytest.param(
            {}, [image(1), {**image(2), REPLACES: "id-1"}], "updated", None, [1], id="broke-off-before-removal"
        ),
        pytest.param(
            META, [image(1), {**image(2), REPLACES: "id-1"}], "updated", None, [1], id="the-same-without-path"
        ),
        pytest.param(
            {}, [image(1), {**image(2, OTHER), REPLACES: "id-1"}], "replaced", None, [2, 1], id="broke-off-then-other"
        ),
        pytest.param({}, [{**image(1), REPLACES: "id-gone"}], "unchanged", None, [], id="replaced-one-is-gone"),
    ],
)
def test_action(
    options: dict[str, Any], images: list[dict[str, Any]], action: str, activation: str | None, removed: list[int]
) -> None:
    planned = plan(options, *images)
    assert (planned.action, planned.activation) == (action, activation)
    assert [found["id"] for found in planned.remove] == [f"id-{number}" for number in removed]
    assert (planned.upload is not None) is (action in ("created", "replaced"))
    assert planned.changed is (planned.before != planned.after)


@pytest.mark.parametrize(
    ("options", "images", "survey", "message"),
    [
        pytest.param({}, [image(1), image(2)], {}, "several images of this name: id-1 .active., id-2", id="two"),
        pytest.param(META, [image(1), image(2)], {}, "several images", id="two-metadata-only"),
        pytest.param(
            {}, [{**image(1), REPLACES: "id-2"}, {**image(2), REPLACES: "id-1"}], {}, "several", id="forged-circle"
        ),
        pytest.param({}, [{**image(1), REPLACES: "id-1"}], {}, "several", id="forged-self"),
        pytest.param(
            {}, [image(1), image(2), {**image(3), REPLACES: "id-1"}], {}, "several", id="a-third-besides-the-replaced"
        ),
        pytest.param({}, [image(data=OTHER, protected=True)], {}, "to be replaced is protected: id-1", id="protected"),
        pytest.param(META, [], {}, "there is no image 'thing' here", id="nothing-to-look-after"),
        pytest.param(INACTIVE, [], {}, "there is no image 'thing' here", id="nothing-to-deactivate"),
        pytest.param({}, [], {"busy": (image(9, None),)}, "in progress: id-9 .queued.", id="another-upload"),
        pytest.param({}, [image()], {"busy": (image(9, None),)}, "in progress", id="another-upload-of-the-same"),
        pytest.param(ABSENT, [image(protected=True)], {}, "protected from deletion: id-1", id="absent-protected"),
        pytest.param(
            ABSENT, [image(1), image(2, protected=True)], {}, "protected from deletion: id-2", id="absent-one-protected"
        ),
    ],
)
def test_conflict(options: dict[str, Any], images: list[dict[str, Any]], survey: dict[str, Any], message: str) -> None:
    with pytest.raises(ConflictError, match=message) as caught:
        plan(options, *images, **survey)
    assert caught.value.hint != ConflictError.default_hint


@pytest.mark.parametrize("status", ["queued", "saving", "importing"])
def test_an_unfinished_image_is_protected_too(status: str) -> None:
    with pytest.raises(ConflictError, match="protected from deletion: id-9"):
        plan(ABSENT, busy=(image(9, None, status=status, protected=True),))


@pytest.mark.parametrize("protected", [True, False])
def test_protected_image_is_replaced_when_the_user_says_what_the_new_one_is(*, protected: bool) -> None:
    planned = plan({"protected": protected}, image(data=OTHER, protected=True))
    assert planned.action == "replaced"
    assert patch(planned).get("protected", ("", False))[1] is protected


def test_absent_takes_unfinished_ones_along() -> None:
    planned = plan(ABSENT, image(1), busy=(image(8, None),), leftovers=(image(9, None),))
    assert [found["id"] for found in planned.remove] == ["id-1", "id-8"]
    assert planned.clear == ("id-9",)
    assert plan(ABSENT, leftovers=(image(9, None),)).action == "deleted"


def test_leftovers_are_cleared_and_stop_nobody() -> None:
    assert plan({}, leftovers=(image(9, None),)).clear == ("id-9",)
    kept = plan({}, image(), leftovers=(image(9, None),))
    assert (kept.action, kept.clear) == ("updated", ("id-9",))


@pytest.mark.parametrize(
    ("options", "found", "operations"),
    [
        ({}, {}, {}),
        ({"properties": {"a": "1"}}, {}, {"a": ("add", "1")}),
        ({"properties": {"a": "1"}}, {"a": "1"}, {}),
        ({"properties": {"a": "1"}}, {"a": "2", "b": "3"}, {"a": ("add", "1")}),
        ({"properties": {"a": ""}}, {}, {"a": ("add", "")}),
        ({"properties": {"a": ""}}, {"a": ""}, {}),
        ({"properties": {"a": None}}, {}, {}),
        ({"properties": {"a": None}}, {"a": "1"}, {"a": ("remove", None)}),
        ({"properties": {"a/b~c": "1"}}, {}, {"a~1b~0c": ("add", "1")}),
        ({"tags": ("b", "a")}, {"tags": ["b", "a"]}, {}),
        ({"tags": ("b", "a")}, {}, {"tags": ("replace", ["a", "b"])}),
        ({"tags": ()}, {"tags": ["a"]}, {"tags": ("replace", [])}),
        ({}, {"tags": ["a"]}, {}),
        ({"min_disk": 0, "min_ram": 0}, {}, {}),
        ({"min_disk": 0}, {"min_disk": 5}, {"min_disk": ("replace", 0)}),
        ({"hidden": False, "protected": False}, {}, {}),
        ({"hidden": True}, {}, {"os_hidden": ("replace", True)}),
        ({"visibility": "private"}, {}, {"visibility": ("replace", "private")}),
    ],
)
def test_operations(options: dict[str, Any], found: dict[str, Any], operations: dict[str, Any]) -> None:
    planned = plan(options, image(**found))
    assert patch(planned) == operations
    assert planned.action == ("updated" if operations else "unchanged")


def test_protected_is_set_last() -> None:
    options = {"protected": True, "hidden": True, "properties": {"a": "1"}, "tags": ("t",), "visibility": "private"}
    assert [change["path"] for change in plan(options).changes][-1] == "/protected"


def test_new_image_inherits_who_sees_it_unless_told() -> None:
    old = image(data=OTHER, visibility="community", os_hidden=True)
    inherited = patch(plan({}, old))
    assert (inherited["visibility"][1], inherited["os_hidden"][1]) == ("community", True)
    told = patch(plan({"visibility": "private", "hidden": False}, old))
    assert (told["visibility"][1], told["os_hidden"][1]) == ("private", False)


def test_diff_of_a_replacement_names_both_contents() -> None:
    planned = plan({"min_ram": 64}, image(data=OTHER))
    assert planned.before["content"] == {"size": len(OTHER), "sha512": image(data=OTHER)["os_hash_value"]}
    assert planned.after["content"] == {"size": source().size, "sha512": source().digests["sha512"]}
    assert (planned.before["min_ram"], planned.after["min_ram"]) == (0, 64)


@pytest.mark.parametrize(
    ("scheme", "offers", "chosen", "fallbacks"),
    [
        (None, PUT_ONLY, "v2_put", []),
        (None, STAGED, "v2_put", ["glance_direct"]),
        ("v2_put", STAGED, "v2_put", []),
        ("glance_direct", STAGED, "glance_direct", []),
    ],
)
def test_scheme(scheme: str | None, offers: ImageCapabilities, chosen: str, fallbacks: list[str]) -> None:
    shown = plan({"scheme": scheme}, offers=offers).to_dict()
    assert (shown["scheme"], shown["fallbacks"]) == (chosen, fallbacks)
    assert shown["reason"].startswith(chosen)


def test_forced_scheme_that_is_not_offered_is_refused_with_what_is() -> None:
    with pytest.raises(RefusedError, match="scheme glance_direct is not possible here: the import method") as caught:
        plan({"scheme": "glance_direct"}, offers=PUT_ONLY)
    assert caught.value.hint == "Possible schemes: v2_put."


@pytest.mark.parametrize(
    ("there", "members", "wanted", "share", "unshare"),
    [
        ([SAME], ("p", "q"), None, (), ()),
        ([SAME], ("p", "q"), ("q", "r"), ("r",), ("p",)),
        ([SAME], ("p",), (), (), ("p",)),
        ([SAME], (), ("p",), ("p",), ()),
        ([OLD], ("p",), ("q",), ("q",), ()),
        ([], None, ("p",), ("p",), ()),
    ],
)
def test_members(there: list[dict[str, Any]], members: Any, wanted: Any, share: Any, unshare: Any) -> None:
    known = None if members is None else dict.fromkeys(members, "accepted")
    plan = make_plan(case("a", PUT_ONLY, *there, wanted={"members": wanted}, survey={"members": known}))
    assert (plan.share, plan.unshare) == (share, unshare)


@pytest.mark.parametrize(
    ("said", "receivers", "action", "accept", "reported"),
    [
        ("accepted", {"p"}, "unchanged", (), False),
        ("pending", {"p"}, "updated", ("p",), False),
        ("pending", {"q"}, "unchanged", (), True),
        ("rejected", {"p"}, "unchanged", (), True),
    ],
)
def test_selected_projects_accept_an_image_and_others_are_reported(
    said: str, receivers: set[str], action: str, accept: tuple[str, ...], *, reported: bool
) -> None:
    facts: dict[str, Any] = {"survey": {"members": {"p": said}}, "receivers": frozenset(receivers)}
    plan = make_plan(case("a", PUT_ONLY, SAME, wanted={"members": ("p",)}, **facts))
    assert (plan.action, plan.accept) == (action, accept)
    assert any(f"the project p has not accepted the image ({said})" in note for note in plan.notes) is reported
    if accept:
        assert (plan.before, plan.after) == ({"members": {"p": "pending"}}, {"members": {"p": "accepted"}})


@pytest.mark.parametrize(
    ("there", "options", "possible"),
    [
        ([], {"visibility": "private"}, False),
        ([image(visibility="public")], {}, False),
        ([image(visibility="public")], {"visibility": "shared"}, True),
        ([image(data=OTHER, visibility="private")], {}, False),
        ([], {}, True),
    ],
)
def test_only_shared_images_have_members(there: list[Any], options: dict[str, Any], *, possible: bool) -> None:
    one = case("a", PUT_ONLY, *there, wanted={"members": ("p",), **options})
    if possible:
        assert make_plan(one).share == ("p",)
        return
    with pytest.raises(ConflictError, match="only shared images have members"):
        make_plan(one)


def plan_of(options: dict[str, Any], *images: dict[str, Any]) -> Plan:
    return make_plan(case("a", PUT_ONLY, *images, wanted=options))


def test_on_change() -> None:
    assert plan_of({"on_change": "keep"}, OLD).action == "replaced"
    assert plan_of({"on_change": "fail"}, SAME).action == "unchanged"
    with pytest.raises(ConflictError, match="id-2 has other content"):
        plan_of({"on_change": "fail"}, OLD)
