"""What a browser tells of scripts that know readers again or watch them, and of twins that are innocent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from datetime import date

import pytest

from compliance.audit.browser import Browser, Visit
from compliance.audit.collected import Collected
from compliance.audit.site import Context, SiteFacts
from compliance.outside.hosts import host_of
from compliance.page.trackers import Catalogue
from support.browser import serving
from support.planted import INNOCENT, KINDS, PLANTED, Plant, serve, site
from support.recorder import Recorder

pytestmark = pytest.mark.browser

PLANTS = (*PLANTED, *INNOCENT)
GOAL = 0.98


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, set[str]]]:
    """What was told, by host: everything on few pages, each host with a script of its own."""
    app, pages = site(PLANTS)
    with Recorder(tmp_path_factory.mktemp("certificates")).running() as recorder, serving(app) as url:
        serve(recorder, PLANTS)
        rules = f"MAP * 127.0.0.1:{recorder.port}, EXCLUDE 127.0.0.1"
        context = Context(catalogue=Catalogue(), today=date(2026, 11, 24))
        collected = Collected(context)
        with Browser(["--ignore-certificate-errors", f"--host-resolver-rules={rules}"]) as browser:
            for _, visit in browser.visits([(url + path, path) for path in pages], context):
                assert isinstance(visit, Visit) and visit.failure is None, visit
                for sighting in visit.sightings:
                    collected.add(sighting)
            for suspect in collected.suspects():
                if browser.is_marked(suspect):
                    collected.mark(suspect)
    told: dict[str, set[str]] = defaultdict(set)
    for behaviour in collected.behaviours():
        told[host_of(behaviour.script)].add(behaviour.act)
    for recipient in collected.recipients(SiteFacts()):
        told[recipient.host] |= {one for one in recipient.conduct if one in ("cookie", "identifier", "beacon")}
    yield told


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_script_is_told_for_what_it_does(plant: Plant, found: dict[str, set[str]]) -> None:
    # Who is sent something is told something, whatever else it is.
    assert found[plant.host] - {"beacon"} == plant.kinds - {"beacon"}
    assert "beacon" in found[plant.host] or "beacon" not in plant.kinds


def test_precision_and_recall_of_every_kind(found: dict[str, set[str]]) -> None:
    lines = []
    for kind in KINDS:
        told = {host for host, kinds in found.items() if kind in kinds}
        meant = {plant.host for plant in PLANTS if kind in plant.kinds}
        if kind == "beacon":  # what else is sent is none that was not planted
            told -= {plant.host for plant in PLANTED if plant.kinds & {"recording", "keys", "fields", "identifier"}}
        precision, recall = len(told & meant) / max(1, len(told)), len(told & meant) / len(meant)
        lines.append(f"{kind:<11} precision {precision:.2f} recall {recall:.2f} of {len(meant)}")
        assert (precision >= GOAL, recall >= GOAL, len(meant) >= 2) == (True, True, True), (kind, told ^ meant)
    print("\n".join(lines))
