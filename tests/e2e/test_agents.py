"""The presets claude and codex: the real programs from npm, whose models are the tests' own (network/peers/models.py).

The keys are secrets of the network: in the session there is a placeholder, and what reaches the model is the gateway's.
"""

from __future__ import annotations

import json
import secrets
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e.network import authority, grounds
from tests.e2e.network.model_lab import ANTHROPIC, OPENAI, ModelLab, models_opened
from tests.support import own_things
from tests.support.cli import Toolkit
from tests.support.git import git, repository
from toolkit.model import labels

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.e2e.network.lab import Note
    from toolkit.engines.docker import DockerEngine

KEYS = ("TEST_ANTHROPIC_KEY", "TEST_OPENAI_KEY")
PLACEHOLDER = "held-by-the-gateway"
VARIABLES = f"""ANTHROPIC_BASE_URL=https://{ANTHROPIC}
ANTHROPIC_API_KEY={PLACEHOLDER}
OPENAI_BASE_URL=https://{OPENAI}/v1
OPENAI_API_KEY={PLACEHOLDER}
"""
TELLING = """python3 -c 'import json, sys; print("environment at", json.load(sys.stdin)["source"])'"""
COMMON: dict[str, Any] = {
    "version": 1,
    "variables": VARIABLES,
    "hooks": {"session_start": [{"command": TELLING}]},
    "image": {"packages": {"apt": ["nodejs", "npm"], "npm": ["@anthropic-ai/claude-code", "@openai/codex"]}},
    "agent": "claude",
}
OPEN = {
    "access": "custom",
    "secrets": [
        {"name": "anthropic", "hosts": [ANTHROPIC], "header": "x-api-key", "from": {"env": "TEST_ANTHROPIC_KEY"}},
        {
            "name": "openai",
            "hosts": [OPENAI],
            "header": "Authorization",
            "prefix": "Bearer ",
            "from": {"env": "TEST_OPENAI_KEY"},
        },
    ],
}
HOOKS = {"hooks": {"SessionStart": [{"hooks": [{"type": "command", "command": "echo from the repository"}]}]}}
WORK = "echo made > made.txt && git add made.txt && git commit -qm 'Make it' && echo it is made"


BUILD_SECONDS = 540.0  # npm brings half a gigabyte
pytestmark = pytest.mark.timeout(600)


@dataclass(frozen=True, slots=True, kw_only=True)
class Preset:
    name: str
    host: str
    header: str
    key: str
    options: tuple[str, ...]  # of its program, beside `resume` and what it is told

    def asked(self, notes: list[Note]) -> list[Note]:
        """What its model was asked, with the user's own words."""
        return [one for one in notes if one.what == "asked" and one.more["host"] == self.host and one.more["said"]]


def declared(root: Path, network: dict[str, Any]) -> Path:
    (root / "envs").mkdir()
    (root / "envs" / "agents.yaml").write_text(json.dumps({**COMMON, "name": "agents", "network": network}))
    return root


@pytest.fixture(scope="module")
def keys() -> dict[str, str]:
    return {variable: f"key-{secrets.token_hex(16)}" for variable in KEYS}


@pytest.fixture(scope="module")
def site(engine: DockerEngine, keys: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Toolkit]:
    """A root with the environment `agents`, built: both programs are in its image, and their models can be reached."""
    root, config = declared(tmp_path_factory.mktemp("root"), OPEN), tmp_path_factory.mktemp("config")
    folder = tmp_path_factory.mktemp("lab")
    grounds.write_settings(config, authority.make(folder / "authority"))
    environment = {"XDG_CONFIG_HOME": str(config), "XDG_STATE_HOME": str(tmp_path_factory.mktemp("state")), **keys}
    environment["TEST_LAB"] = str(folder)
    toolkit = Toolkit(root=root, cwd=root, environment=environment)
    stack = own_things.new_stack()
    toolkit("up", "--yes", "--stack", stack, seconds=BUILD_SECONDS)
    toolkit("env", "approve", "agents", "--yes")
    yield toolkit
    toolkit("destroy", "--yes", "--force", "--stack", stack)


@pytest.fixture(scope="module")
def lab(engine: DockerEngine, site: Toolkit) -> Iterator[ModelLab]:
    """The models, running; from then on the site's gateways go out to them."""
    image = engine.images(labels={"dev.toolkit.kind": "image", "dev.toolkit.environment": "agents"})[0].id
    with models_opened(engine, image, Path(site.environment["TEST_LAB"]), avoid=grounds.package_hosts()) as found:
        egress = {"network": found.network, "dns": [found.resolver]}
        grounds.write_settings(Path(site.environment["XDG_CONFIG_HOME"]), found.certificate, egress)
        yield found


@pytest.fixture(params=["claude", "codex"])
def preset(request: pytest.FixtureRequest, keys: dict[str, str]) -> Preset:
    if request.param == "claude":
        key = keys["TEST_ANTHROPIC_KEY"]
        alone = ("-p", "--dangerously-skip-permissions")
        return Preset(name="claude", host=ANTHROPIC, header="x-api-key", key=key, options=alone)
    options = ("exec", "--dangerously-bypass-approvals-and-sandbox", "-c", f'openai_base_url="https://{OPENAI}/v1"')
    key = f"Bearer {keys['TEST_OPENAI_KEY']}"
    return Preset(name="codex", host=OPENAI, header="authorization", key=key, options=options)


@pytest.fixture
def shop(tmp_path: Path) -> Path:
    """A checkout with hooks of the repository's own, and the bare repository that it pushes to beside it."""
    checkout = repository(tmp_path / "shop")
    (checkout / ".claude").mkdir()
    (checkout / ".claude" / "settings.json").write_text(json.dumps(HOOKS))
    git(checkout, "add", ".")
    git(checkout, "commit", "-q", "-m", "hooks")
    git(tmp_path, "init", "-q", "--bare", "-b", "main", str(tmp_path / "shop.git"))
    git(checkout, "remote", "add", "origin", str(tmp_path / "shop.git"))
    git(checkout, "push", "-q", "-u", "origin", "main")
    return checkout


@pytest.fixture
def toolkit(site: Toolkit, lab: ModelLab, shop: Path, tmp_path: Path) -> Toolkit:
    """Whatever the agents left is brought into folders of the test's own."""
    homes = {"CLAUDE_CONFIG_DIR": str(tmp_path / "claude"), "CODEX_HOME": str(tmp_path / "codex")}
    return replace(site, cwd=shop, environment={**site.environment, **homes})


def begun(toolkit: Toolkit, preset: Preset, task: str, *, code: int = 0) -> str:
    document = toolkit.json("remote", task, "--agent", preset.name, "--wait", code=code)
    return str(document["session"]["id"])


def test_a_conversation(toolkit: Toolkit, lab: ModelLab, preset: Preset, shop: Path) -> None:
    """Its tool works, what it commits is pushed, later turns go on, and what hooks say at a start reaches the model."""
    mark = lab.mark()
    session = begun(toolkit, preset, f"run: {WORK}")
    events = [json.loads(line) for line in toolkit("logs", session, "--json").stdout.splitlines()]
    shown = "".join(one["text"] for one in events if one["type"] == "agent")
    assert f"▸ Bash {WORK}" in shown or "▸ /bin/bash -lc" in shown
    assert "the tool said" in shown
    assert "it is made" in shown
    assert git(shop.parent / "shop.git", "show", f"session/{session}:made.txt") == "made"
    origins = [one["origin"] for one in events if one["type"] == "hook-finished"]
    # claude runs the repository's hooks by itself, and nobody a second time
    assert sorted(origins) == (["environment"] if preset.name == "claude" else ["environment", "repository"])

    first, *_ = preset.asked(lab.since(mark))
    assert first.more[preset.header] == preset.key
    told = json.dumps(first.more["told"])
    assert "environment at startup" in told
    assert told.count("from the repository") == 1

    toolkit("send", session, "and then")
    assert toolkit.json("wait", session)["exit_code"] == 0
    assert f"heard 2: run: {WORK} | and then" in toolkit("logs", session).stdout

    toolkit("stop", session)
    toolkit("resume", session)
    mark = lab.mark()
    toolkit("send", session, "go on")
    assert toolkit.json("wait", session)["exit_code"] == 0
    asked = preset.asked(lab.since(mark))[-1]
    assert len(asked.more["said"]) == 3
    assert "environment at resume" in json.dumps(asked.more["told"])
    assert PLACEHOLDER not in json.dumps([one.more.get(preset.header) for one in lab.since(mark)])


def test_a_turn_that_its_model_refuses_fails_with_the_reason(toolkit: Toolkit, lab: ModelLab, preset: Preset) -> None:
    session = begun(toolkit, preset, "refuse: 400", code=1)
    (row,) = [one for one in toolkit.json("tasks")["sessions"] if one["id"] == session]
    assert row["state"] == "failed"
    assert row["exit_code"] != 0
    assert "the model of the tests refuses" in toolkit("logs", session).stdout + row.get("reason", "")
    toolkit("send", session, "again")
    assert toolkit.json("wait", session)["exit_code"] == 0
    assert "again" in toolkit("logs", session).stdout


def test_its_program_goes_on_at_home(
    toolkit: Toolkit, lab: ModelLab, preset: Preset, shop: Path, tmp_path: Path, keys: dict[str, str]
) -> None:
    session = begun(toolkit, preset, f"run: {WORK}")
    home = toolkit.json("teleport", session)
    program, *resume = home["resume"].split()
    assert program == preset.name
    variables = {
        **{name: toolkit.environment[name] for name in ("CLAUDE_CONFIG_DIR", "CODEX_HOME")},
        "ANTHROPIC_BASE_URL": f"https://{ANTHROPIC}",
        "ANTHROPIC_API_KEY": keys["TEST_ANTHROPIC_KEY"],
        "CODEX_API_KEY": keys["TEST_OPENAI_KEY"],
        "CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC": "1",
        "IS_SANDBOX": "1",
        "NODE_EXTRA_CA_CERTS": "/lab/authority/ca.pem",
        "SSL_CERT_FILE": "/lab/authority/ca.pem",
    }
    with lab.desk(tmp_path, variables) as desk:
        words = [program, *preset.options, *resume, "at home"]
        done = desk.exec(["sh", "-c", 'cd "$1"; shift; exec "$@" </dev/null', "sh", str(shop), *words])
        desk.exec(["chown", "-R", "--reference", str(tmp_path), str(tmp_path)])
    said = done.output.decode()
    assert done.exit_code == 0, said
    assert f"heard 2: run: {WORK} | at home" in said


@pytest.mark.parametrize(("agent", "host"), [("claude", ANTHROPIC), ("codex", OPENAI)])
def test_a_model_that_the_policy_does_not_allow_is_told_before_anything_runs(
    toolkit: Toolkit, engine: DockerEngine, tmp_path: Path, agent: str, host: str
) -> None:
    before = of_environment(engine, "agents")
    (tmp_path / "root").mkdir()
    shut = replace(toolkit, root=declared(tmp_path / "root", {"access": "none"}))
    error = shut.json("remote", "x", "--agent", agent, "--wait", code=1)["error"]
    assert f"the agent needs {host}" in error["message"]
    assert "environment 'agents' does not allow it: add it to network.allow" in error["message"]
    assert of_environment(engine, "agents") <= before


def test_an_image_without_the_program_is_told_before_anything_runs(
    provisioned: Toolkit, engine: DockerEngine, shop: Path
) -> None:
    before = of_environment(engine, "default")
    bare = replace(provisioned, cwd=shop)
    error = bare.json("remote", "x", "--agent", "codex", code=1)["error"]
    assert "the image has no 'codex': name its package in image.packages.npm" in error["message"]
    assert of_environment(engine, "default") <= before


def of_environment(engine: DockerEngine, name: str) -> set[str]:
    return {one.id for one in engine.containers(labels={labels.ENVIRONMENT: name})}
