from __future__ import annotations

import json

from tests.audit import verdict


def said(*packages: dict[str, object]) -> tuple[int, list[str]]:
    return verdict(json.dumps({"dependencies": packages}), "")


def test_a_known_flaw_fails_and_is_named_with_its_remedy() -> None:
    flaw = {"id": "PYSEC-1", "fix_versions": ["2.1"]}
    code, lines = said({"name": "a", "version": "2.0", "vulns": [flaw]}, {"name": "b", "version": "1", "vulns": []})
    assert code == 1 and lines == ["audit: a 2.0: PYSEC-1, fixed in 2.1", "audit: 2 packages checked, 1 known flaws"]


def test_packages_without_a_flaw_pass() -> None:
    assert said({"name": "b", "version": "1", "vulns": []}, {"name": "c", "skip_reason": "local"}) == (
        0, ["audit: 1 packages checked, 0 known flaws; 1 could not be checked"],
    )  # fmt: skip


def test_a_service_that_cannot_be_asked_is_said_and_does_not_fail() -> None:
    for code, lines in (verdict("", "a\nno route to host"), said({"name": "c", "skip_reason": "not found"}), said()):
        assert code == 0 and "NOTHING WAS CHECKED" in lines[0]
