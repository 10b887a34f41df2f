# Copyright (c) 2026, oaktree.multicloud contributors
# GNU General Public License v3.0+ (see LICENSE or https://www.gnu.org/licenses/gpl-3.0.txt)
# SPDX-License-Identifier: GPL-3.0-or-later
"""What a Location has of upload sessions, and what of it is to be removed."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from ansible_collections.oaktree.multicloud.plugins.module_utils._core.errors import ServerError
from ansible_collections.oaktree.multicloud.plugins.module_utils._glance.v2 import Glance
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.plan import make_plan
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.publish.survey import Survey
from ansible_collections.oaktree.multicloud.plugins.module_utils._image.session.survey import (
    Leftovers,
    SessionSurvey,
    check_removed,
    survey_sessions,
)
from ansible_collections.oaktree.multicloud.plugins.module_utils._local.work_marker import work_marker
from tests.support.fake_openstack import Answer, FakeOpenStack
from tests.support.image_samples import OTHER, image
from tests.support.upload_session import DESIRED, NOW, SessionSite, content, done, upload

ID = "00000000-0000-4000-8000-00000000000{}"


def test_only_what_belongs_to_other_sessions_is_removed() -> None:
    found = SessionSurvey(
        Survey(()),
        (upload(), upload(image_id="id-2")),
        (("id-3", "id-1"), ("id-4", "id-2"), ("id-5", "")),
        ("session-id-1", "session-id-2", "session-id-9"),
    )
    assert found.leftovers({"id-1"}) == Leftovers(("session-id-2", "session-id-9"), ("id-4", "id-5", "id-2"))
    assert found.leftovers() == Leftovers(found.containers, ("id-3", "id-4", "id-5", "id-1", "id-2"))
    assert not SessionSurvey(Survey(())).leftovers()


def records(site: SessionSite, *fields: dict[str, Any]) -> list[str]:
    """Make image records, and return their IDs."""
    ids = [ID.format(number) for number in range(len(fields))]

    def create(connection: Any) -> None:
        for image_id, one in zip(ids, fields, strict=True):
            Glance(connection).create({"id": image_id, **one})

    site.ask(create)
    return ids


def find(site: SessionSite) -> SessionSurvey:
    return site.ask(lambda connection: survey_sessions(connection, DESIRED))


def test_sessions_are_told_from_other_uploads(site: SessionSite) -> None:
    record, expired = upload().fields(DESIRED), upload(expires=NOW - timedelta(hours=9)).fields(DESIRED)
    imported = upload(image_id=ID.format(0)).imported_fields(DESIRED)
    other = {**record, "owner_specified.oaktree.upload": work_marker(60)}
    elsewhere = upload().fields(replace(DESIRED, name="another"))
    ids = records(site, record, expired, imported, other, elsewhere)
    found = find(site)
    assert [one.image_id for one in found.uploads] == ids[:2]
    assert found.imported == ((ids[2], ids[0]),)
    assert [one["id"] for one in (*found.survey.busy, *found.survey.leftovers)] == [ids[3]]
    assert found.containers == ()


def test_a_damaged_record_is_a_leftover(site: SessionSite) -> None:
    ids = records(site, {**upload().fields(DESIRED), "owner_specified.oaktree.session": "{"})
    found = find(site)
    assert (found.uploads, found.imported) == ((), ((ids[0], ""),))
    assert found.leftovers() == Leftovers((), tuple(ids))


def test_containers_are_found_and_removed_with_everything(site: SessionSite) -> None:
    prepared = site.prepare()
    site.send(prepared, 0)
    leftovers = find(site).leftovers()
    assert [len(leftovers.containers), len(leftovers.images)] == [1, 1]
    assert leftovers.to_dict() == {"containers": list(leftovers.containers), "images": list(leftovers.images)}
    assert site.ask(leftovers.remove) == []
    assert (site.images, site.containers) == ([], {})


def test_what_cannot_be_removed_is_reported(site: SessionSite) -> None:
    site.prepare()
    leftovers = find(site).leftovers()
    site.region.fault("DELETE", "", Answer(403))
    residue = site.ask(leftovers.remove)
    assert [leftovers.containers[0] in residue[0], leftovers.images[0] in residue[1]] == [True, True]
    with pytest.raises(ServerError, match=leftovers.images[0]):
        check_removed(residue)
    check_removed([])


@pytest.mark.parametrize("trouble", ["none", "down"])
def test_no_object_store_is_no_error(
    fake_openstack: Callable[..., FakeOpenStack], tmp_path: Path, trouble: str
) -> None:
    site = SessionSite(fake_openstack(object_store=trouble == "down"), tmp_path)
    if trouble == "down":
        site.region.refuse_connections("object-store")
    assert find(site).containers == ()


def test_the_plan_depends_on_what_is_published(site: SessionSite) -> None:
    def action(*images: dict[str, Any]) -> tuple[str, bool]:
        found = SessionSurvey(Survey(images))
        plan = site.ask(lambda connection: make_plan(found.context(connection, DESIRED, content().fingerprint())))
        return plan.action, plan.upload is not None

    assert action() == ("created", True)
    assert action(image(data=OTHER)) == ("replaced", True)
    assert action(image()) == ("unchanged", False)


def test_a_session_of_another_name_is_left_alone(site: SessionSite) -> None:
    done(site.prepare())
    assert site.ask(lambda connection: survey_sessions(connection, replace(DESIRED, name="thin"))).leftovers() == (
        Leftovers()
    )
