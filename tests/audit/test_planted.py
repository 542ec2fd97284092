"""What a browser tells of scripts that know readers again or watch them, and of twins that are innocent."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from urllib.parse import urlsplit

import pytest

from compliance.audit.browser import Browser, Visit
from compliance.audit.collected import Collected
from compliance.audit.recipients import Recipient
from compliance.audit.site import Context, SiteFacts
from compliance.outside.hosts import host_of
from compliance.page.trackers import Catalogue
from support.browser import serving
from support.planted import CHANNELS, IDLE, INNOCENT, KINDS, PLANTED, Plant, serve, site
from support.recorder import Recorder

pytestmark = pytest.mark.browser

PLANTS = (*PLANTED, *INNOCENT)
TURNING = tuple(plant for plants in CHANNELS.values() for plant in plants)
GOAL = 0.98


@dataclass(frozen=True)
class Seen:
    """What was *told* of each host, and the *recipients* by theirs."""

    told: Mapping[str, set[str]]
    recipients: Mapping[str, Recipient]


@pytest.fixture(scope="module")
def seen(tmp_path_factory: pytest.TempPathFactory) -> Seen:
    """Everything on few pages, each host with a script of its own."""
    # What a worker does at once is told of it where no other begins on the same page.
    workers = CHANNELS["worker"]
    plants = (*PLANTS, *workers, *IDLE, *(plant for plant in TURNING if plant not in workers))
    app, pages = site(plants)
    with Recorder(tmp_path_factory.mktemp("certificates")).running() as recorder, serving(app) as url:
        serve(recorder, plants)
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
    recipients = {one.host: one for one in collected.recipients(SiteFacts())}
    for host, recipient in recipients.items():
        told[host] |= {one for one in recipient.conduct if one in ("cookie", "identifier", "beacon")}
    return Seen(told, recipients)


@pytest.mark.parametrize("plant", PLANTS, ids=lambda plant: plant.name)
def test_script_is_told_for_what_it_does(plant: Plant, seen: Seen) -> None:
    # Who is sent something is told something, whatever else it is.
    assert seen.told[plant.host] - {"beacon"} == plant.kinds - {"beacon"}
    assert "beacon" in seen.told[plant.host] or "beacon" not in plant.kinds


def test_precision_and_recall_of_every_kind(seen: Seen) -> None:
    lines, hosts = [], {plant.host for plant in PLANTS}
    for kind in KINDS:
        told = {host for host, kinds in seen.told.items() if kind in kinds} & hosts
        meant = {plant.host for plant in PLANTS if kind in plant.kinds}
        if kind == "beacon":  # what else is sent is none that was not planted
            told -= {plant.host for plant in PLANTED if plant.kinds & {"recording", "keys", "fields", "identifier"}}
        precision, recall = len(told & meant) / max(1, len(told)), len(told & meant) / len(meant)
        lines.append(f"{kind:<11} precision {precision:.2f} recall {recall:.2f} of {len(meant)}")
        assert (precision >= GOAL, recall >= GOAL, len(meant) >= 2) == (True, True, True), (kind, told ^ meant)
    print("\n".join(lines))


@pytest.mark.parametrize("plant", TURNING, ids=lambda plant: plant.name)
def test_host_is_named_with_what_led_to_it(plant: Plant, seen: Seen) -> None:
    through = seen.recipients[plant.host].through
    led = {urlsplit(one).path if "//127." in one else one for one in through} or {"page"}
    # What a worker asks for before it can be listened to is at times told of the page that started it.
    assert plant.through in led or (plant in CHANNELS["worker"] and led == {"page"}), through


@pytest.mark.parametrize("plant", IDLE, ids=lambda plant: plant.name)
def test_host_that_nobody_turned_to_is_not_named(plant: Plant, seen: Seen) -> None:
    assert plant.host not in seen.recipients


def test_precision_and_recall_of_every_way_to_others(seen: Seen) -> None:
    lines = []
    idle = {plant.host for plant in IDLE} & set(seen.recipients)
    for way, plants in CHANNELS.items():
        meant = {plant.host for plant in plants}
        told = meant & set(seen.recipients)
        precision, recall = len(told) / max(1, len(told | idle)), len(told) / len(meant)
        lines.append(f"{way:<14} precision {precision:.2f} recall {recall:.2f} of {len(meant)}")
        assert (precision >= GOAL, recall >= GOAL, len(meant) >= 2) == (True, True, True), (way, told ^ meant, idle)
    print("\n".join(lines))
