"""Declarations as devcontainer.json and back."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.declare import dockerfile, dotenv, jsonc, writing
from toolkit.declare.devcontainer import runs_on, to_devcontainer
from toolkit.declare.devcontainer_reading import from_devcontainer
from toolkit.documents import load
from toolkit.errors import InvalidError
from toolkit.model.environment import (
    Access,
    AgentSpec,
    Certificate,
    CheckSpec,
    EnvironmentSpec,
    HookSpec,
    ImageSpec,
    NetworkSpec,
    Packages,
    PushSpec,
    ResourcesSpec,
    SecretSource,
    SecretSpec,
    SessionLimits,
    SetupSpec,
)

_PACKAGES = Packages(apt=("nodejs", "git=1:2.39.2-1"), pip=("uvicorn[standard]>=0.30,<1",), npm=("@scope/name@1.2.3",))


def _spec(**parts: Any) -> EnvironmentSpec:
    return EnvironmentSpec(name="web", path="envs/web.yaml", revision="", **parts)


def _body(spec: EnvironmentSpec) -> dict[str, Any]:
    body: dict[str, Any] = json.loads(to_devcontainer(spec).files["devcontainer.json"])
    return body


def _lost(spec: EnvironmentSpec) -> list[str]:
    return [one.key for one in to_devcontainer(spec).unmapped]


def _lost_of(body: dict[str, Any], dockerfile_text: str = "") -> list[str]:
    return [one.key for one in from_devcontainer(body, dockerfile_text=dockerfile_text).unmapped]


def test_a_bare_environment_is_its_image() -> None:
    assert _body(_spec()) == {
        "name": "web",
        "image": "debian:bookworm-slim",
        "remoteUser": "root",
        "runArgs": ["--pids-limit=2048"],
    }
    assert list(to_devcontainer(_spec()).files) == ["devcontainer.json"]
    assert _lost(_spec()) == ["network.access"]


def test_what_has_a_counterpart_is_written() -> None:
    spec = _spec(
        variables=(("A", "1"), ("B", "two\nlines")),
        setup=SetupSpec(script="echo one\necho two\n"),
        resources=ResourcesSpec(cpus=1.5, memory=3 << 29, disk=1 << 40, pids=100),
        session_start=(
            HookSpec(matcher="startup|resume", command="echo a"),
            HookSpec(command="echo b"),
            HookSpec(matcher="startup", command="echo c"),
        ),
    )

    assert _body(spec) == {
        "name": "web",
        "image": "debian:bookworm-slim",
        "remoteUser": "root",
        "containerEnv": {"A": "1", "B": "two\nlines"},
        "hostRequirements": {"cpus": 2, "memory": "1536mb", "storage": "1tb"},
        "runArgs": ["--cpus=1.5", "--memory=1536m", "--pids-limit=100"],
        "onCreateCommand": ["bash", "-e", "-c", "echo one\necho two\n"],
        "postCreateCommand": ["bash", "-c", "echo c"],
        "postStartCommand": {"hook-1": ["bash", "-c", "echo a"], "hook-2": ["bash", "-c", "echo b"]},
    }


def test_packages_and_certificates_become_a_dockerfile() -> None:
    pem = "-----BEGIN CERTIFICATE-----\nAA==\n-----END CERTIFICATE-----\n"
    spec = _spec(image=ImageSpec(packages=_PACKAGES, ca_certificates=(Certificate(name="root.pem", pem=pem),)))
    files = to_devcontainer(spec).files

    assert _body(spec)["build"] == {"dockerfile": "Dockerfile"}
    assert "image" not in _body(spec)
    assert files["certificates/1-root.crt"] == pem
    text = files["Dockerfile"]
    assert text.startswith("FROM debian:bookworm-slim\n")
    assert " -- nodejs git=1:2.39.2-1 && " in text
    assert " -- 'uvicorn[standard]>=0.30,<1'\n" in text
    assert text.index("update-ca-certificates") < text.index("nodejs")


def test_what_has_none_is_listed() -> None:
    secret = SecretSpec(name="b", hosts=("b.example.com",), header="X-B", source=SecretSource(env="B"))
    spec = _spec(
        description="Front end",
        network=NetworkSpec(access=Access.CUSTOM, allow=("a.example.com",), deny=("d.example.com",), secrets=(secret,)),
        setup=SetupSpec(script="true", timeout=5, max_age=5),
        session_start=(
            HookSpec(matcher="resume", command="true"),
            HookSpec(matcher="compact|fork", command="true"),
            HookSpec(command="true", timeout=5),
        ),
        agent=AgentSpec(preset="claude"),
        resources=ResourcesSpec(disk=1 << 30),
        session=SessionLimits(idle_timeout=60, max_age=60),
        push=PushSpec(tags=True),
        verify=(CheckSpec(run="true"),),
    )

    assert _lost(spec) == [
        "hooks.session_start.0",
        "hooks.session_start.1",
        "hooks.session_start.2.timeout",
        "network.access",
        "network.deny",
        "network.secrets.0",
        "description",
        "setup.timeout",
        "setup.max_age",
        "agent",
        "resources.disk",
        "session.idle_timeout",
        "session.max_age",
        "push",
        "verify",
    ]


def test_text_that_tools_would_replace_is_not_written() -> None:
    spec = _spec(
        variables=(("A", "${localEnv:HOME}"), ("B", "${HOME} $HOME")),
        setup=SetupSpec(script="echo ${env:0:3}"),
        session_start=(HookSpec(command="cd ${containerWorkspaceFolder}"),),
    )

    assert _body(spec)["containerEnv"] == {"B": "${HOME} $HOME"}
    assert not {"onCreateCommand", "postStartCommand"} & set(_body(spec))
    assert _lost(spec)[:3] == ["variables.A", "setup.script", "hooks.session_start.0.command"]


def test_a_script_too_long_for_a_command_line_is_listed() -> None:
    assert _lost(_spec(setup=SetupSpec(script="#" * 200_000)))[0] == "setup.script"


@pytest.mark.parametrize(
    ("matcher", "startup", "resume"),
    [
        ("", True, True),
        ("*", True, True),
        ("startup", True, False),
        ("resume, startup", True, True),
        ("start", False, False),
        ("^start", True, False),
        ("^(startup|fork)$", True, False),
        ("compact", False, False),
    ],
)
def test_when_a_hook_runs(matcher: str, startup: bool, resume: bool) -> None:
    assert (runs_on(matcher, "startup"), runs_on(matcher, "resume")) == (startup, resume)


def test_a_devcontainer_reads_as_a_declaration() -> None:
    found = from_devcontainer(
        {
            "$schema": "https://example.com/devContainer.schema.json",
            "name": "Web App",
            "image": "registry.example.com/base:1",
            "containerUser": "root",
            "containerEnv": {"A": "1", "B": "a # b", "C": "it's", "D": "two\nlines", "E": ""},
            "remoteEnv": {"A": "2"},
            "hostRequirements": {"cpus": 8, "memory": "8gb", "storage": "32gb"},
            "runArgs": ["--cpus", "2", "--memory=512m", "--pids-limit=100"],
            "onCreateCommand": ["bash", "-e", "-c", "npm install --global pnpm\n"],
            "postStartCommand": {"one": "pnpm install", "two": ["echo", "a b"]},
        }
    )

    assert found.title == "Web App"
    assert found.unmapped == ()
    assert found.body == {
        "image": {"base": "registry.example.com/base:1"},
        "variables": "A=2\nB='a # b'\nC=it's\nD='two\nlines'\nE=\n",
        "resources": {"cpus": 2, "memory": "512m", "disk": "32g", "pids": 100},
        "setup": {"script": "npm install --global pnpm\n"},
        "hooks": {
            "session_start": [
                {"matcher": "startup|resume", "command": "pnpm install"},
                {"matcher": "startup|resume", "command": "echo 'a b'"},
            ]
        },
    }


def test_commands_that_follow_each_other_stay_in_order() -> None:
    found = from_devcontainer(
        {"updateContentCommand": "npm ci", "postCreateCommand": "npm run build", "postStartCommand": "npm run warm"}
    )

    assert found.body["hooks"] == {
        "session_start": [
            {"matcher": "startup", "command": "set -e\nnpm ci\nnpm run build\nnpm run warm"},
            {"matcher": "resume", "command": "npm run warm"},
        ]
    }


def test_a_setup_of_anothers_making_is_taken_with_a_word_of_warning() -> None:
    found = from_devcontainer({"onCreateCommand": "npm ci"})

    assert found.body == {"setup": {"script": "npm ci\n"}}
    assert [one.key for one in found.unmapped] == ["onCreateCommand"]
    assert "hook" in found.unmapped[0].reason


@pytest.mark.parametrize(
    ("body", "lost"),
    [
        ({"features": {}}, ["features"]),
        ({"forwardPorts": [3000], "mounts": []}, ["forwardPorts", "mounts"]),
        ({"dockerComposeFile": "compose.yaml", "service": "app"}, ["dockerComposeFile", "service"]),
        ({"remoteUser": "vscode"}, ["remoteUser"]),
        ({"remoteUser": ["root"]}, ["remoteUser"]),
        ({"image": "${localEnv:BASE}"}, ["image"]),
        ({"image": 5}, ["image"]),
        ({"containerEnv": {"TOOLKIT_ROOT": "x"}}, ["containerEnv.TOOLKIT_ROOT"]),
        ({"containerEnv": {"A-B": "x", "C": 1, "D": "a\rb"}}, ["containerEnv.A-B", "containerEnv.C", "containerEnv.D"]),
        ({"containerEnv": {"A": "${localEnv:HOME}"}}, ["containerEnv.A"]),
        ({"containerEnv": []}, ["containerEnv"]),
        ({"remoteEnv": {"A": None}}, ["remoteEnv.A"]),
        ({"runArgs": ["--init", "--cpus=none", "--memory"]}, ["runArgs", "runArgs", "runArgs"]),
        ({"runArgs": ["--pids-limit=-1", "--memory=0.1"]}, ["runArgs", "runArgs"]),
        ({"hostRequirements": {"gpu": True, "cpus": True}}, ["hostRequirements.gpu", "hostRequirements.cpus"]),
        ({"build": {"args": {}, "dockerfile": "Dockerfile"}}, ["build.args"]),
        ({"postCreateCommand": [1], "postStartCommand": 5}, ["postCreateCommand", "postStartCommand"]),
        ({"postStartCommand": {"a": "cd ${containerWorkspaceFolder}"}}, ["postStartCommand.a"]),
        ({"onCreateCommand": "printf \0"}, ["onCreateCommand"]),
        ({"initializeCommand": "x", "postAttachCommand": "y"}, ["initializeCommand", "postAttachCommand"]),
    ],
)
def test_what_a_declaration_does_not_say_is_listed(body: dict[str, Any], lost: list[str]) -> None:
    found = from_devcontainer(body)

    assert [one.key for one in found.unmapped] == lost
    assert all(one.reason for one in found.unmapped)
    assert found.body == {}


def test_a_dockerfile_of_ours_reads_back() -> None:
    stage = dockerfile.read(dockerfile.render(ImageSpec(base="debian:trixie", packages=_PACKAGES)))

    assert stage.base == "debian:trixie"
    assert stage.packages == {"apt": list(_PACKAGES.apt), "pip": list(_PACKAGES.pip), "npm": list(_PACKAGES.npm)}
    assert stage.rest == ()


def test_plain_installs_of_anothers_dockerfile_are_packages() -> None:
    text = """\
# syntax=docker/dockerfile:1
FROM python:3.12-slim AS dev
RUN apt-get update \\
    # a comment between
    && apt-get install -y --no-install-recommends git \\
       curl \\
    && rm -rf /var/lib/apt/lists/*
RUN pip install --no-cache-dir "httpx>=0.27" ruff
RUN npm i -g pnpm
"""
    found = from_devcontainer({"build": {"dockerfile": "Dockerfile"}}, dockerfile_text=text)

    assert found.body["image"] == {
        "base": "python:3.12-slim",
        "packages": {"apt": ["git", "curl"], "pip": ["httpx>=0.27", "ruff"], "npm": ["pnpm"]},
    }
    assert found.unmapped == ()


@pytest.mark.parametrize(
    "line",
    [
        "RUN curl -fsS https://example.com/install.sh | sh",
        "RUN apt-get install -y git; rm -rf /",
        "RUN apt-get install -y $(cat packages)",
        "RUN apt-get install -y $PACKAGES",
        "RUN apt-get install -t bookworm-backports git",
        "RUN apt-get install -y git || true",
        "RUN pip install -r requirements.txt",
        "RUN pip install httpx>=0.27",
        "RUN npm install pnpm",
        "RUN apt-get install -y 'git",
        "COPY . /app",
        "USER node",
        "ENV A=1",
    ],
)
def test_any_other_instruction_is_listed_with_its_line(line: str) -> None:
    found = from_devcontainer({"build": {"dockerfile": "Dockerfile"}}, dockerfile_text=f"FROM a\n\n{line}\n")

    assert found.body == {"image": {"base": "a"}}
    assert [(one.key, one.reason) for one in found.unmapped] == [("Dockerfile:3", f"not taken over: {line}")]


def test_a_dockerfile_of_several_stages_is_not_guessed_at() -> None:
    assert _lost_of({"dockerFile": "Dockerfile"}, "FROM a AS b\nRUN x\nFROM c\nCOPY --from=b /x /x\n") == [
        "Dockerfile:1"
    ]


def test_what_is_exported_comes_back() -> None:
    spec = _spec(
        image=ImageSpec(base="debian:trixie", packages=_PACKAGES),
        variables=(("A", 'it\'s # "so"'), ("B", "two\nlines \\ '")),
        setup=SetupSpec(script="set -u\necho one\n"),
        resources=ResourcesSpec(cpus=4, memory=16 << 30, disk=30 << 30, pids=512),
        session_start=(HookSpec(matcher="startup|resume", command="pnpm install"),),
    )
    made = to_devcontainer(spec).files
    found = from_devcontainer(json.loads(made["devcontainer.json"]), dockerfile_text=made["Dockerfile"])

    assert found.unmapped == ()
    variables = dotenv.check(str(found.body["variables"])).assignments
    assert {one.key: dotenv.value_of(one) for one in variables} == dict(spec.variables)
    assert {key: one for key, one in found.body.items() if key != "variables"} == {
        "image": {
            "base": "debian:trixie",
            "packages": {"apt": list(_PACKAGES.apt), "pip": list(_PACKAGES.pip), "npm": list(_PACKAGES.npm)},
        },
        "resources": {"cpus": 4, "memory": "16g", "disk": "30g", "pids": 512},
        "setup": {"script": "set -u\necho one\n"},
        "hooks": {"session_start": [{"matcher": "startup|resume", "command": "pnpm install"}]},
    }


def test_json_with_comments() -> None:
    text = b"""\xef\xbb\xbf// before
{
  "a": "// no /* comment */, ]", // a comment, with a comma
  /* "b": 1,
  */ "c": [1, 2, /* last */ ],
  "d": "\\"", }
"""
    assert jsonc.loads(text, path="x") == {"a": "// no /* comment */, ]", "c": [1, 2], "d": '"'}


@pytest.mark.parametrize(
    ("text", "place", "message"),
    [
        (b"{\n  // fine\n  'a': 1}", (3, 3), "Expecting property name"),
        (b'{"a": 1 /* open', (1, 16), "Expecting ',' delimiter"),
        (b'{"a":\n "open\n}', (2, 7), "Invalid control character"),
        (b'{"a": NaN}', (1, 1), "NaN"),
        (b"{\n\xff}", (2, 1), "UTF-8"),
        (b'{"a": "\\ud83d"}', (1, 1), "half a character"),
        (b"[" * 100_000, (1, 1), "too deeply"),
        (b'{"a": ' + b"9" * 5000 + b"}", (1, 1), ""),
    ],
)
def test_what_is_no_json_is_refused_with_its_place(text: bytes, place: tuple[int, int], message: str) -> None:
    with pytest.raises(InvalidError) as refused:
        jsonc.loads(text, path="x.json")

    problem = refused.value.diagnostics[0]
    assert message in problem.message
    assert (problem.line, problem.column) == place
    assert problem.rule == "json-syntax"


@pytest.mark.timeout(20)
@pytest.mark.parametrize("unit", [b"/*", b'\\"', b"//", b",", b'"', b", ", b"/"])
def test_a_megabyte_of_anything_is_read_in_time(unit: bytes) -> None:
    with pytest.raises(InvalidError):
        jsonc.loads(unit * (1_000_000 // len(unit)), path="x")


_TEXT = st.text(st.characters(codec="utf-8", exclude_characters="\0"), max_size=30)  # NUL is refused in declarations
_VALUES = st.recursive(
    _TEXT | st.integers() | st.booleans() | st.lists(_TEXT, max_size=3),
    lambda inner: st.dictionaries(st.text("abc", min_size=1), inner, max_size=3) | st.lists(inner, max_size=3),
    max_leaves=8,
)
_TEXTS = st.lists(st.text("a #:'\"-|\t\u00e9", max_size=6), max_size=5).map("\n".join)


@given(st.dictionaries(st.sampled_from(["a", "b-c", "yes", "1"]), _VALUES | _TEXTS, min_size=1, max_size=4))
def test_what_is_written_reads_back(body: dict[str, object]) -> None:
    loaded = load(writing.text_of(body).encode(), path="x")

    assert loaded.diagnostics == ()
    assert loaded.document is not None
    assert loaded.document.data == body
