"""What an agent is told of a conversation."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from toolkit.model.conversation import NOTHING_SAID, Conversation
from toolkit.workflows.conversation import LONGEST, context_of

SESSION = "calm-otter-3f9a"


def test_nothing_said_is_nothing_told() -> None:
    assert context_of(NOTHING_SAID) == ""


def test_all_is_told_in_its_order_and_the_plan_last() -> None:
    said = NOTHING_SAID.noted("use pytest").planned("look").given("make lint").answered("make lint", SESSION)
    said = said.printed("a\nb\n", SESSION).planned("first\nand more").noted("careful").planned("second")
    assert context_of(said) == (
        "# The conversation so far\n"
        "\n"
        "This was said before the task was given; the task itself is told apart from it.\n"
        "\n"
        "- noted: use pytest\n"
        "- planned: look\n"
        f"- {SESSION} was given the task: make lint\n"
        f"- {SESSION} printed:\n"
        "  > a\n"
        "  > b\n"
        "- noted: careful\n"
        "\n"
        "## The plan for this task\n"
        "\n"
        "1. first\n"
        "  and more\n"
        "2. second\n"
    )


def test_what_a_session_printed_is_told_once_and_by_its_end() -> None:
    said = NOTHING_SAID.printed("earlier\n", SESSION).printed(f"{'x' * 20_000}\nend\n", SESSION)
    told = context_of(said)
    assert "earlier" not in told
    assert told.endswith("  > end\n")
    assert len(told) < 10_000


def test_a_plan_is_dropped_alone_and_only_the_one_that_is_still_to_be_given() -> None:
    done = NOTHING_SAID.planned("done").given("make").answered("make", SESSION)
    said = done.planned("dropped").noted("kept")
    assert said.plan == ("dropped",)
    assert said.without_plan().plan == ()
    assert said.without_plan().said == done.noted("kept").said


def test_a_task_is_told_before_its_session_is_known_and_not_where_there_is_none() -> None:
    said = NOTHING_SAID.planned("look").given("make")
    assert said.plan == ()
    assert "- a session that is being started was given the task: make\n" in context_of(said)
    assert f"- {SESSION} was given the task: make\n" in context_of(said.answered("make", SESSION))
    assert said.answered("make", "") == NOTHING_SAID.planned("look")  # the plan goes with the next one
    assert NOTHING_SAID.answered("make", SESSION) == NOTHING_SAID  # forgotten meanwhile


def test_of_too_much_the_newest_is_told_and_that_more_was_said() -> None:
    said = NOTHING_SAID
    for number in range(2_000):
        said = said.noted(f"note {number} {'ä' * 40}")
    told = context_of(said.planned("the plan"))
    assert len(told.encode()) <= LONGEST
    assert "note 1999 " in told
    assert "note 0 " not in told
    assert "left out" in told
    assert told.endswith("1. the plan\n")


@given(st.lists(st.tuples(st.sampled_from(["noted", "planned"]), st.text(min_size=1, max_size=30_000)), max_size=6))
def test_it_always_fits(sayings: list[tuple[str, str]]) -> None:
    said: Conversation = NOTHING_SAID
    for kind, text in sayings:
        said = getattr(said, kind)(text)
    assert len(context_of(said).encode(errors="replace")) <= LONGEST
