"""A devcontainer.json (containers.dev) in the words of a declaration, and what of it a declaration cannot say."""

from __future__ import annotations

import json
import re
import shlex
from typing import TYPE_CHECKING

from toolkit.declare import dockerfile, dotenv, own_rules
from toolkit.declare.devcontainer import HOOK_ARGV, SETUP_ARGV, SUBSTITUTED
from toolkit.declare.findings import Findings
from toolkit.declare.quantities import size_text
from toolkit.diagnostics import Severity
from toolkit.documents import load
from toolkit.model.devcontainer import Translation, Unmapped
from toolkit.schema import check

if TYPE_CHECKING:
    from collections.abc import Mapping

_REASONS = {
    "features": "list packages in image.packages, or install in setup.script",
    "forwardPorts": "a session publishes no ports",
    "appPort": "a session publishes no ports",
    "mounts": "a session mounts nothing of the host",
    "workspaceMount": "a session has a clone of the repository, not the host's folder",
    "workspaceFolder": "the repository is at /workspace/<repository>",
    "initializeCommand": "nothing of an environment runs on the host",
    "postAttachCommand": "there is no hook for joining a session",
    "privileged": "a session gets no further rights",
    "capAdd": "a session gets no further rights",
    "securityOpt": "a session gets no further rights",
    "secrets": "declare network.secrets; their values never enter a session",
    "customizations": "meant for editors",
    "dockerComposeFile": "a session is one container; no base was taken",
    "service": "a session is one container",
    "runServices": "a session is one container",
}
_NO_COUNTERPART = "has no counterpart in a declaration"
_USER = "commands of a session run as root"
_SETUP = "became setup.script, which runs before the repository is there: what needs it belongs in a hook"
_READ = frozenset(
    {
        *("$schema", "name", "image", "build", "dockerFile", "containerEnv", "remoteEnv", "containerUser"),
        *("remoteUser", "hostRequirements", "runArgs", "onCreateCommand", "updateContentCommand"),
        *("postCreateCommand", "postStartCommand"),
    }
)
_LIMITS = {"--cpus": "cpus", "--memory": "memory", "-m": "memory", "--pids-limit": "pids"}
_SIZE = re.compile(r"(?P<count>[0-9]{1,15}(\.[0-9]{1,15})?) ?(?P<unit>[kmgt]?)(i?b)?", re.IGNORECASE)


def dockerfile_of(body: Mapping[str, object]) -> str:
    """The Dockerfile that it names, relative to its own folder; empty: none."""
    build = body.get("build")
    named = build.get("dockerfile") if isinstance(build, dict) else body.get("dockerFile")
    return named if isinstance(named, str) else ""


def from_devcontainer(body: Mapping[str, object], *, dockerfile_text: str = "") -> Translation:
    """Read it key by key; whatever would be an error in a declaration is listed instead of taken."""
    return _Reader(body).read(dockerfile_text)


class _Reader:
    def __init__(self, body: Mapping[str, object]) -> None:
        self._said = body
        self._unmapped: list[Unmapped] = []

    def read(self, dockerfile_text: str) -> Translation:
        body: dict[str, object] = {
            "image": self._image(dockerfile_text),
            "variables": self._variables(),
            "resources": self._resources(),
            "setup": self._setup(),
            "hooks": self._hooks(),
        }
        for key in ("containerUser", "remoteUser"):
            if self._said.get(key, "root") not in ("root", "0"):  # no set: a list can't be looked up in one
                self._lose(key, _USER)
        for key in self._said:
            if key not in _READ:
                self._lose(key, _REASONS.get(key, _NO_COUNTERPART))
        title = self._said.get("name")
        return Translation(
            title=title if isinstance(title, str) else "",
            body={key: value for key, value in body.items() if value not in ({}, "", None)},
            unmapped=tuple(self._unmapped),
        )

    def _image(self, dockerfile_text: str) -> dict[str, object]:
        build = self._said.get("build")
        for key in build if isinstance(build, dict) else ():
            if key not in {"dockerfile", "context"}:
                self._lose(f"build.{key}", _NO_COUNTERPART)
        stage = dockerfile.read(dockerfile_text) if dockerfile_text else None
        for line, instruction in stage.rest if stage else ():
            shown = instruction if len(instruction) <= 80 else f"{instruction[:79]}…"
            self._lose(f"{dockerfile_of(self._said)}:{line}", f"not taken over: {shown}")
        image: dict[str, object] = {}
        base = stage.base if stage else self._said.get("image")
        if base and self._accepts("image" if stage is None else "build.dockerfile", {"image": {"base": base}}):
            image["base"] = base
        packages = (
            {manager: self._packages(manager, names) for manager, names in stage.packages.items()} if stage else {}
        )
        kept = {manager: names for manager, names in packages.items() if names}
        return image | ({"packages": kept} if kept else {})

    def _packages(self, manager: str, names: list[str]) -> list[str]:
        key = "build.dockerfile"
        return [one for one in names if self._accepts(key, {"image": {"packages": {manager: [one]}}})]

    def _variables(self) -> str:
        lines: dict[str, str] = {}
        for group in ("containerEnv", "remoteEnv"):
            entries = self._said.get(group, {})
            if not isinstance(entries, dict):
                self._lose(group, "is no mapping")
                continue
            for key, value in entries.items():
                line = self._assignment(f"{group}.{key}", key, value)
                if line:
                    lines[key] = line
        return "".join(f"{one}\n" for one in lines.values())

    def _assignment(self, place: str, key: str, value: object) -> str:
        if not isinstance(value, str) or not self._literal(place, value):
            if not isinstance(value, str):
                self._lose(place, "is no text")
            return ""
        line = f"{key}={_dotenv(value)}"
        said = dotenv.check(line)
        errors = [one.fault.message for one in said.faults if not one.is_warning]
        faithful = not errors and [(one.key, dotenv.value_of(one)) for one in said.assignments] == [(key, value)]
        if not faithful:
            self._lose(place, errors[0] if errors else "can't be written as .env text")
        return line if faithful else ""

    def _resources(self) -> dict[str, object]:
        """Limits are what docker is told; what the host must have counts where docker is told nothing."""
        found: dict[str, object] = {}
        asked = self._said.get("hostRequirements")
        for key, value in asked.items() if isinstance(asked, dict) else ():
            name = "disk" if key == "storage" else key
            if name not in {"cpus", "memory", "disk"}:
                self._lose(f"hostRequirements.{key}", _NO_COUNTERPART)
            else:
                self._limit(found, f"hostRequirements.{key}", name, value)
        words = self._said.get("runArgs", [])
        rest = [one for one in words if isinstance(one, str)] if isinstance(words, list) else []
        while rest:
            word = rest.pop(0)
            option, equals, value = word.partition("=")
            if option not in _LIMITS or not (equals or rest):
                self._lose("runArgs", f"{word} {_NO_COUNTERPART}")
                continue
            self._limit(found, "runArgs", _LIMITS[option], value if equals else rest.pop(0))
        return found

    def _limit(self, found: dict[str, object], place: str, name: str, value: object) -> None:
        wanted: object = value
        if name in {"memory", "disk"}:
            size = _SIZE.fullmatch(str(value))
            factor = 1024 ** " kmgt".index(size["unit"].lower() or " ") if size else 0
            wanted = size_text(int(float(size["count"]) * factor)) if size else value
        elif isinstance(value, str):
            number = float(value) if re.fullmatch(r"[0-9]{1,9}(\.[0-9]{1,9})?", value) else None
            wanted = value if number is None else int(number) if number == int(number) else number
        if self._accepts(place, {"resources": {name: wanted}}):
            found[name] = wanted

    def _setup(self) -> dict[str, object]:
        commands = self._commands("onCreateCommand", SETUP_ARGV)
        if not commands:
            return {}
        if not _is_ours(self._said.get("onCreateCommand"), SETUP_ARGV):
            self._lose("onCreateCommand", _SETUP)
        return {"script": "\n".join(one.rstrip("\n") for one in commands) + "\n"}

    def _hooks(self) -> dict[str, object]:
        """Hooks run side by side, a devcontainer's commands one after the other: the first start gets one script."""
        first = [*self._commands("updateContentCommand"), *self._commands("postCreateCommand")]
        always = self._commands("postStartCommand")
        if not first:
            hooks = [{"matcher": "startup|resume", "command": one} for one in always]
        else:
            steps = [*first, *always]
            script = steps[0] if len(steps) == 1 else "\n".join(["set -e", *steps])
            hooks = [{"matcher": "startup", "command": script}]
            hooks += [{"matcher": "resume", "command": one} for one in always]
        return {"session_start": hooks} if hooks else {}

    def _commands(self, key: str, argv: tuple[str, ...] = HOOK_ARGV) -> list[str]:
        """The commands of one key as lines of shell: a text, a list of words, or several of these by name."""
        value = self._said.get(key)
        entries = value if isinstance(value, dict) else {"": value}
        found = []
        for name, one in entries.items():
            place = f"{key}.{name}" if name else key
            line = _shell_line(one, argv)
            if line is None and one is not None:
                self._lose(place, "is no command")
            if line and self._literal(place, line):
                found.append(line)
        return found

    def _literal(self, place: str, text: str) -> bool:
        """Whether a session could take the text as it stands."""
        found = SUBSTITUTED.search(text)
        if found:
            self._lose(place, f"{found[0]} means nothing in a session")
        elif "\0" in text:
            self._lose(place, "holds a NUL character")
        return not found and "\0" not in text

    def _accepts(self, place: str, fragment: dict[str, object]) -> bool:
        """Whether a declaration may say this; its own rules are the judge."""
        text = json.dumps({"version": 1, "name": "imported", **fragment}, ensure_ascii=False)
        loaded = load(text.encode("utf-8", "replace"), path="")
        problems = list(loaded.diagnostics)
        if loaded.document is not None:
            findings = Findings(document=loaded.document, problems=check(loaded.document, "environment"))
            own_rules.check(findings)
            problems += findings.problems
        errors = [one for one in problems if one.severity is Severity.ERROR]
        if errors:
            self._lose(place, errors[0].message)
        return not errors

    def _lose(self, key: str, reason: str) -> None:
        self._unmapped.append(Unmapped(key=key, reason=reason))


def _shell_line(value: object, argv: tuple[str, ...]) -> str | None:
    """None for what is no command; our own way to call bash is taken off again."""
    if isinstance(value, str):
        return value.strip()
    if not isinstance(value, list) or not value or not all(isinstance(one, str) for one in value):
        return None
    if _is_ours(value, argv):
        return str(value[-1])
    return shlex.join(value)


def _is_ours(value: object, argv: tuple[str, ...]) -> bool:
    return isinstance(value, list) and tuple(value[:-1]) == argv


def _dotenv(value: str) -> str:
    """The value bare where that reads back, else in single quotes."""
    if value and value.isprintable() and value.strip() == value and "#" not in value and value[0] not in "'\"":
        return value
    escaped = value.replace("\\", "\\\\").replace("'", "\\'")
    return f"'{escaped}'" if value else ""
