"""Much output: complete and in order for who follows, and bounded on the engine."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from toolkit.sessions import transcript

if TYPE_CHECKING:
    from tests.support.cli import Toolkit
    from toolkit.engines.docker import DockerEngine

SECONDS = 200.0
STEADY = """python3 -u -c "
import time
began = time.monotonic()
for number in range(5000):
    print(number)
    time.sleep(max(0, began + number / 1000 - time.monotonic()))
"
"""
LINES, WIDTH = 1_100_000, 100  # more than the engine keeps
FLOOD = f"""python3 -c "
for number in range({LINES}): print('%0{WIDTH - 1}d' % number)
"
"""


def test_a_thousand_lines_a_second_arrive_complete_and_in_order(toolkit: Toolkit) -> None:
    session = toolkit.json("remote", STEADY, "--detach")["session"]["id"]
    followers = [toolkit.start("logs", "-f", session) for _ in range(3)]
    toolkit("wait", session)
    toolkit("stop", session)
    expected = [str(number) for number in range(5000)]
    for one in followers:
        assert one.communicate(timeout=SECONDS)[0].splitlines() == expected
    assert toolkit("logs", session).stdout.splitlines() == expected


def test_more_than_the_engine_keeps_is_read_from_the_session(toolkit: Toolkit, engine: DockerEngine) -> None:
    started = toolkit.json("remote", FLOOD, "--detach")["session"]
    session = started["id"]
    follower = toolkit.start("logs", "-f", session)
    assert toolkit.json("wait", session)["exit_code"] == 0
    toolkit("stop", session)
    assert in_order(follower.communicate(timeout=SECONDS)[0])
    assert in_order(toolkit("logs", session).stdout)
    kept = (transcript.parse(line) for line in transcript.lines(engine.logs(started["container"], follow=False)))
    assert next(transcript.number_of(one) for one in kept if one) > 1  # the engine has let go of the beginning
    first = json.loads(toolkit("logs", session, "--json").stdout.split("\n", 1)[0])
    assert (first["type"], first["seq"]) == ("session-started", 1)


def in_order(text: str) -> bool:
    return len(text) == LINES * WIDTH and all(
        int(text[at : at + WIDTH]) == number for number, at in enumerate(range(0, len(text), WIDTH))
    )
