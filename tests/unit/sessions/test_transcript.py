from __future__ import annotations

import json

from hypothesis import given
from hypothesis import strategies as st

from toolkit.sessions import transcript


@given(st.lists(st.text(max_size=30), max_size=10), st.integers(1, 7))
def test_events_survive_any_cut_of_the_stream(texts: list[str], size: int) -> None:
    whole = b"".join(json.dumps({"type": "output", "text": text}).encode() + b"\n" for text in texts)
    chunks = [whole[index : index + size] for index in range(0, len(whole), size)]
    found = [transcript.parse(line) for line in transcript.lines(chunks)]
    assert [event["text"] for event in found if event] == texts


def test_lines_that_are_no_events_are_passed_over() -> None:
    for line in (b"", b"plain text", b"[1]", b'{"no": "type"}', b'{"type": 1}', b"\xff\xfe"):
        assert transcript.parse(line) is None
