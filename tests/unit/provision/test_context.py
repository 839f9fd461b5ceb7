from __future__ import annotations

import os
import re
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import certifi
import pytest
from hypothesis import given
from hypothesis import strategies as st

from toolkit.errors import InvalidError
from toolkit.model.environment import Certificate, EnvironmentSpec, ImageSpec, Packages, SetupSpec
from toolkit.model.image import BuildContext, ContextFile
from toolkit.provision import context, steps
from toolkit.provision.base_image import ResolvedBase
from toolkit.provision.certificates import split

PUBLIC = split("public.pem", Path(certifi.where()).read_text())[:6]
RUNNER = (
    ContextFile(path="__main__.py", content=b"print(1)\n"),
    ContextFile(path="check-tools", content=b"#!/bin/sh\n", mode=0o755),
)
BASE = ResolvedBase(reference="debian:bookworm-slim", bootstrapped=False)
NAMES = st.lists(st.from_regex(r"[a-z][a-z0-9-]{0,12}[a-z0-9]", fullmatch=True), max_size=6)


def spec(name: str = "web-app", **image: object) -> EnvironmentSpec:
    return EnvironmentSpec(
        name=name,
        path=f"envs/{name}.yaml",
        revision="0" * 64,
        image=replace(ImageSpec(), **image),  # type: ignore[arg-type]
    )


def render(environment: EnvironmentSpec, certificates: tuple[Certificate, ...] = ()) -> BuildContext:
    return context.render(environment, base=BASE, site_certificates=certificates, runner=RUNNER)


def build(environment: EnvironmentSpec, certificates: tuple[Certificate, ...] = ()) -> str:
    return context.build_of(environment, site_certificates=certificates, runner=RUNNER)


def dockerfile(made: BuildContext) -> str:
    return next(one.content.decode() for one in made.files if one.path == "Dockerfile")


@given(apt=NAMES, pip=NAMES, npm=NAMES, certificates=st.lists(st.sampled_from(PUBLIC)), data=st.data())
def test_the_order_of_packages_and_certificates_changes_no_byte(
    apt: list[str], pip: list[str], npm: list[str], certificates: list[Certificate], data: st.DataObject
) -> None:
    def shuffled(values: list[str]) -> tuple[str, ...]:
        return tuple(data.draw(st.permutations(values)))

    one = spec(packages=Packages(apt=tuple(apt), pip=tuple(pip), npm=tuple(npm)))
    other = spec(packages=Packages(apt=shuffled(apt), pip=shuffled(pip), npm=shuffled(npm)))
    assert render(one, tuple(certificates)) == render(other, tuple(data.draw(st.permutations(certificates))))


def test_the_same_context_comes_out_in_another_locale_time_zone_and_hash_seed() -> None:
    program = (
        "from tests.unit.provision.test_context import *;"
        "made = render(spec(packages=Packages(apt=('b', 'a'), pip=('six',), npm=('pnpm',))), PUBLIC);"
        "import hashlib; print(made.build, hashlib.sha256(repr(made.files).encode()).hexdigest())"
    )
    told = {
        subprocess.run(
            [sys.executable, "-c", program],
            env={**os.environ, "LC_ALL": locale, "TZ": zone, "PYTHONHASHSEED": seed},
            cwd=Path(__file__).parents[3],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        ).stdout
        for locale, zone, seed in [("C", "UTC", "1"), ("tr_TR.UTF-8", "Asia/Tokyo", "2")]
    }
    assert len(told) == 1


@pytest.mark.parametrize(
    "other",
    [
        spec(base="debian:trixie-slim"),
        spec(packages=Packages(apt=("nodejs",))),
        spec(packages=Packages(pip=("nodejs",))),
        spec(packages=Packages(npm=("nodejs",))),
        spec(ca_certificates=PUBLIC[:1]),
    ],
)
def test_what_the_image_is_made_of_changes_the_build(other: EnvironmentSpec) -> None:
    assert build(other) != build(spec())


def test_a_site_certificate_and_another_runner_change_the_build() -> None:
    changed = (replace(RUNNER[0], content=b"print(2)\n"), RUNNER[1])
    executable = (replace(RUNNER[0], mode=0o755), RUNNER[1])
    builds = {
        build(spec()),
        build(spec(), PUBLIC[:1]),
        context.build_of(spec(), site_certificates=(), runner=changed),
        context.build_of(spec(), site_certificates=(), runner=executable),
    }
    assert len(builds) == 4


def test_name_variables_and_setup_leave_the_build_alone() -> None:
    other = replace(spec("other"), variables=(("A", "b"),), setup=SetupSpec(script="echo"), description="words")
    assert build(other) == build(spec())


def test_a_stand_in_changes_the_dockerfile_but_not_the_build() -> None:
    stand_in = ResolvedBase(reference="toolkit.local/debian:bookworm-slim", bootstrapped=True)
    made = context.render(spec(), base=stand_in, site_certificates=(), runner=RUNNER)
    assert made.build == render(spec()).build
    assert dockerfile(made).startswith("FROM toolkit.local/debian:bookworm-slim\n")
    assert 'dev.toolkit.bootstrapped="true"' in dockerfile(made)
    assert "dev.toolkit.bootstrapped" not in dockerfile(render(spec()))


def test_the_dockerfile_is_ordered_from_the_most_shared_to_the_most_changing() -> None:
    text = dockerfile(render(spec(packages=Packages(apt=("nodejs",), pip=("six",), npm=("pnpm",))), PUBLIC[:1]))
    marks = [
        "FROM ",
        "COPY certificates/",
        "steps/require\n",
        "apt nodejs",
        "pip install",
        "npm install",
        "COPY runner/",
    ]
    places = [text.index(mark) for mark in [*marks, "LABEL "]]
    assert places == sorted(places)
    assert "# syntax" not in text
    assert "--chmod" not in text  # BuildKit's alone


def test_environments_on_one_base_share_the_lines_before_their_packages() -> None:
    one = dockerfile(render(spec("one", packages=Packages(apt=("nodejs",))))).splitlines()
    two = dockerfile(render(spec("two", packages=Packages(apt=("golang",))))).splitlines()
    shared = next(index for index, pair in enumerate(zip(one, two, strict=False)) if pair[0] != pair[1])
    assert "require apt" in one[shared]


@pytest.mark.parametrize(
    ("manager", "package", "shown"),
    [
        ("apt", "libc6:i386", "libc6:i386"),
        ("apt", "nodejs=18.*", "'nodejs=18.*'"),
        ("apt", "git/bookworm-backports", "git/bookworm-backports"),
        ("pip", "uvicorn[standard]>=0.30,<1", "'uvicorn[standard]>=0.30,<1'"),
        ("pip", "tool @ https://example.com/tool-1.0.tar.gz", "'tool @ https://example.com/tool-1.0.tar.gz'"),
        ("pip", "six; python_version < '3.12'", "'six; python_version < '\"'\"'3.12'\"'\"''"),
        ("npm", "@scope/tool@^1.2", "'@scope/tool@^1.2'"),
        ("npm", "typescript@5.x || >=6", "'typescript@5.x || >=6'"),
    ],
)
def test_packages_reach_the_shell_quoted(manager: str, package: str, shown: str) -> None:
    text = dockerfile(render(spec(packages=Packages(**{manager: (package,)}))))
    assert shown in text


@pytest.mark.parametrize("manager", ["apt", "pip", "npm"])
@pytest.mark.parametrize(
    "package", ["", "-o", "--index-url=x", "a b", "a\nRUN b", "a|b", "$(id)", "a`id`", "../x", "<<EOF"]
)
def test_what_is_no_package_name_is_refused(manager: str, package: str) -> None:
    with pytest.raises(InvalidError) as refused:
        render(spec(packages=Packages(**{manager: (package,)})))
    assert "web-app" in refused.value.message
    assert f"image.packages.{manager}" in refused.value.message


@given(package=st.text(max_size=30))
def test_no_package_name_adds_an_instruction(package: str) -> None:
    try:
        text = dockerfile(render(spec(packages=Packages(pip=(package,), npm=(package,), apt=(package,)))))
    except InvalidError:
        return
    plain = dockerfile(render(spec(packages=Packages(pip=("x",), npm=("x",), apt=("x",)))))
    assert text.count("\n") == plain.count("\n")


@pytest.mark.parametrize("base", ["", "a b", "debian\nRUN id", "-x", "$BASE"])
def test_what_is_no_reference_is_refused_as_base(base: str) -> None:
    with pytest.raises(InvalidError, match=re.escape("image.base")):
        context.render(
            spec(base=base), base=ResolvedBase(reference=base, bootstrapped=False), site_certificates=(), runner=RUNNER
        )


def test_labels_say_what_the_image_is() -> None:
    made = render(spec())
    for line in (
        'dev.toolkit.kind="image"',
        'dev.toolkit.environment="web-app"',
        f'dev.toolkit.build="{made.build[:12]}"',
        'dev.toolkit.base="debian:bookworm-slim"',
    ):
        assert line in dockerfile(made)


def test_a_context_is_written_whole_and_left_alone_when_it_is_right(tmp_path: Path) -> None:
    made = render(spec(packages=Packages(apt=("nodejs",))), PUBLIC[:2])
    folder = tmp_path / "contexts" / "web-app"
    mask = os.umask(0o077)
    try:
        context.write(made, folder)
    finally:
        os.umask(mask)
    before = {path: path.stat() for path in folder.rglob("*")}
    assert {path.relative_to(folder).as_posix() for path in before if path.is_file()} == {
        one.path for one in made.files
    }
    assert all(path.stat().st_mode & 0o777 == 0o755 for path in [folder, *before] if path.is_dir())
    assert (folder / "runner" / "check-tools").stat().st_mode & 0o777 == 0o755
    context.write(made, folder)
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == {
        path: one.st_mtime_ns for path, one in before.items()
    }
    assert [one.name for one in folder.parent.iterdir()] == ["web-app"]


def test_a_context_is_put_right_where_it_was_changed_by_hand(tmp_path: Path) -> None:
    made = render(spec(), PUBLIC[:1])
    folder = tmp_path / "web-app"
    context.write(made, folder)
    (folder / "Dockerfile").write_text("FROM scratch\n")
    (folder / "steps" / "trust").chmod(0o777)
    (folder / "steps" / "require").unlink()
    (folder / "steps" / "require").symlink_to("/etc/passwd")
    (folder / "stray" / "deep").mkdir(parents=True)
    (folder / "stray" / "deep" / "file").write_text("x")
    (folder / "runner" / "__main__.py").unlink()
    (folder / "runner" / "__main__.py").mkdir()
    (folder / "runner" / "__main__.py" / "inner").write_text("x")
    context.write(made, folder)
    assert {path.relative_to(folder).as_posix() for path in folder.rglob("*") if not path.is_dir()} == {
        one.path for one in made.files
    }
    for one in made.files:
        assert (folder / one.path).read_bytes() == one.content
        assert (folder / one.path).stat().st_mode & 0o777 == one.mode
        assert not (folder / one.path).is_symlink()
    assert Path("/etc/passwd").exists()


@pytest.mark.parametrize("script", [steps.TRUST, steps.REQUIRE])
def test_the_build_steps_are_plain_sh(script: str) -> None:
    subprocess.run(["sh", "-n"], input=script, text=True, check=True, timeout=10)
