"""What a session does at its beginning and with its repository: pure."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from toolkit.gateways.push_rules import Known, Rules, Update, refusals
from toolkit.runner.matching import matches
from toolkit.workflows.evidence import HookPlan, PushPlan
from toolkit.workflows.verdicts import verdict

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from toolkit.model.environment import HookSpec, PushSpec
    from toolkit.model.verification import Verdict
    from toolkit.workflows.evidence import Evidence

REPOSITORY = "repository"
"""The mark of the repository's own hook, which comes after the environment's."""

_STARTUP = "startup"
DEFAULT_BRANCH = "main"
_OTHER_BRANCH = "toolkit-verify"


def hook_plan(hooks: Sequence[HookSpec]) -> HookPlan:
    """What a start must run of the declared hooks: those that it calls, identical ones once."""
    called = dict.fromkeys(one.command for one in hooks if matches(one.matcher, _STARTUP))
    commands = {str(number): command for number, command in enumerate(called, start=1)}
    return HookPlan(order=(*commands, REPOSITORY), commands=commands)


def push_plan(push: PushSpec, branch: str) -> PushPlan:
    """`branch`: the session's own."""
    rules = Rules(branch=branch, patterns=push.branches, tags=push.tags)
    known = Known(is_symbolic=lambda _: False, is_ancestor=lambda _old, _new: True)

    def passes(name: str) -> bool:
        return not refusals([Update(old="0" * 40, new="1" * 40, ref=f"refs/heads/{name}")], rules, known)

    refused = next((one for one in (DEFAULT_BRANCH, _OTHER_BRANCH) if not passes(one)), "")
    return PushPlan(refused=refused, allowed=branch if passes(branch) else "")


def hooks(evidence: Evidence) -> tuple[Verdict, str]:
    seen, plan = evidence.seen["hooks"], evidence.hook_plan
    wrong = []
    if tuple(seen["order"]) != plan.order:
        missing = [plan.commands.get(one, "the repository's own") for one in plan.order if one not in seen["order"]]
        more = [plan.commands.get(one, one) for one in seen["order"] if one not in plan.order]
        wrong += [f"did not run, or could set no variable: {one}" for one in missing]
        wrong += [f"ran, which this start does not call: {one}" for one in more]
        if not wrong:
            wrong.append(f"their variables took hold in the order {', '.join(seen['order'])}")
    if REPOSITORY in seen["order"]:
        wrong += _told(evidence, seen["told"])
    return verdict(wrong, "; ".join((f"{len(plan.order)} ran in order with their environment", *_ends(evidence))))


def _told(evidence: Evidence, told: Mapping[str, Any]) -> Iterator[str]:
    """What the repository's hook was told, by its environment and on its stdin."""
    variables, said = told.get("variables", {}), told.get("stdin", {})
    wanted = {
        "TOOLKIT_REMOTE": "true",
        "CLAUDE_CODE_REMOTE": "true",
        "TOOLKIT_SESSION_ID": evidence.session,
        "CLAUDE_CODE_REMOTE_SESSION_ID": evidence.session,
        "TOOLKIT_PROJECT_DIR": evidence.project_dir,
        "CLAUDE_PROJECT_DIR": evidence.project_dir,
    }
    yield from (f"a hook saw another {name}" for name, value in wanted.items() if variables.get(name) != value)
    if variables.get("CLAUDE_ENV_FILE") != variables.get("TOOLKIT_ENV_FILE"):
        yield "a hook saw two files for its variables"
    event = {
        "session_id": evidence.session,
        "cwd": evidence.project_dir,
        "hook_event_name": "SessionStart",
        "source": _STARTUP,
    }
    yield from (f"a hook was told another {name}" for name, value in event.items() if said.get(name) != value)


def _ends(evidence: Evidence) -> Iterator[str]:
    """A hook that fails does not fail a session, and this repository is empty: it is told, no more."""
    for one in evidence.hooks:
        if one.exit_code != 0:
            end = "was cancelled" if one.exit_code is None else f"ended with exit code {one.exit_code}"
            yield f"in a repository that is empty, '{one.command}' {end}"


def push(evidence: Evidence) -> tuple[Verdict, str]:
    plan, wrong, good = evidence.pushes, [], []
    answers = dict(zip([one for one in (plan.refused, plan.allowed) if one], evidence.seen["pushes"], strict=True))
    if plan.refused:
        code, _said = answers[plan.refused]
        if code == 0:
            wrong.append(f"a push to {plan.refused} was taken")
        if evidence.heads.get(plan.refused) != evidence.heads_before.get(plan.refused):
            wrong.append(f"{plan.refused} has moved behind the gateway")
        good.append(f"a push to {plan.refused} is refused")
    if plan.allowed:
        code, said = answers[plan.allowed]
        if code:
            wrong.append(f"a push to {plan.allowed}, which is declared, failed: {said.strip()[-300:]}")
        elif evidence.heads.get(plan.allowed) in {None, evidence.heads_before.get(plan.allowed)}:
            wrong.append(f"a push to {plan.allowed} did not arrive behind the gateway")
        good.append(f"one to {plan.allowed} arrives")
    return verdict(wrong, ", ".join(good))
