"""Which base is taken, and what a stand-in is made from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

import pytest

from toolkit.engines.base import Engine, EngineImage
from toolkit.errors import EngineError, ToolkitError
from toolkit.model import labels
from toolkit.model.event import Event, Phase, ignore
from toolkit.provision import apt, base_image, debian
from toolkit.provision.base_image import ResolvedBase
from toolkit.provision.debian import mirror_lines, mmdebstrap_command
from toolkit.provision.release import Release, release_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

STAND_IN = "toolkit.local/debian:bookworm-slim"


@dataclass
class FakeEngine:
    """Images by reference; its registry has `offered`."""

    references: set[str] = field(default_factory=set)
    offered: set[str] = field(default_factory=set)
    imported: dict[str, Mapping[str, str]] = field(default_factory=dict)
    content: bytes = b""
    pulled: list[str] = field(default_factory=list)

    def image(self, reference: str) -> EngineImage | None:
        known = reference in self.references
        return EngineImage(id=reference, tags=(reference,), digests=(), labels={}) if known else None

    def pull(self, reference: str, *, on_line: Callable[[str], None]) -> None:
        if reference not in self.offered:
            raise EngineError(f"cannot pull {reference}: no such host")
        on_line("Pulling fs layer")
        self.pulled.append(reference)
        self.references.add(reference)

    def tag_image(self, reference: str, new_reference: str) -> None:
        assert reference in self.references
        self.references.add(new_reference)

    def import_image(self, tarball: Path, *, reference: str, labels: Mapping[str, str]) -> str:
        self.content = tarball.read_bytes()
        self.imported[reference] = labels
        self.references.add(reference)
        return reference


def keys(folder: Path) -> Path:
    """A folder with Debian's keys and none of Ubuntu's."""
    (folder / "debian-archive-keyring.gpg").touch()
    return folder


def engine_with(*references: str, offered: tuple[str, ...] = ()) -> Engine:
    return cast("Engine", FakeEngine(references=set(references), offered=set(offered)))


def test_the_declared_image_goes_before_its_stand_in() -> None:
    engine = engine_with("debian:bookworm-slim", STAND_IN)
    assert base_image.resolve("debian:bookworm-slim", engine) == ResolvedBase(
        reference="debian:bookworm-slim", bootstrapped=False, digest="debian:bookworm-slim"
    )


def test_the_stand_in_serves_every_spelling_of_the_reference() -> None:
    engine = engine_with(STAND_IN)
    expected = ResolvedBase(reference=STAND_IN, bootstrapped=True, digest=STAND_IN)
    for declared in (
        "debian:bookworm-slim",
        "docker.io/library/debian:bookworm-slim",
        "docker.io/debian:bookworm-slim",
    ):
        assert base_image.resolve(declared, engine) == expected


def test_the_digest_is_the_registry_s_where_it_came_from_one() -> None:
    digests = ("other.example.com/debian@sha256:1", "debian@sha256:2")
    image = EngineImage(id="sha256:0", tags=(), digests=digests, labels={})
    assert base_image.digest_of(image, "docker.io/library/debian:bookworm-slim") == "sha256:2"
    assert base_image.digest_of(image, "third.example.com/debian:12") == "sha256:1"
    assert base_image.digest_of(EngineImage(id="sha256:0", tags=(), digests=(), labels={}), "debian") == "sha256:0"


def test_without_either_there_is_none() -> None:
    assert base_image.resolve("debian:bookworm-slim", engine_with()) is None


@pytest.mark.parametrize(
    "declared",
    [
        "alpine:3.20",
        "registry.example.com/debian:bookworm",
        "registry.example.com:5000/debian",
        "debian:bookworm-slim@sha256:" + "0" * 64,
        "debian:bookworm-20240101-slim",
        "debian:12.5",
        "ubuntu:latest",
        "someone/debian:bookworm",
    ],
)
def test_what_cannot_be_reproduced_has_no_stand_in(declared: str) -> None:
    assert base_image.stand_in(declared) == ""
    with pytest.raises(EngineError, match="cannot be pulled") as caught:
        base_image.provide(declared, engine_with(), ignore, bootstrap=True)
    assert "Debian or Ubuntu release" in caught.value.hint
    assert declared in caught.value.message


def test_an_image_that_a_registry_gives_is_pulled() -> None:
    engine = engine_with(offered=("alpine:3.20",))
    events: list[Event] = []
    made = base_image.provide("alpine:3.20", engine, events.append, bootstrap=True)
    assert made == ResolvedBase(reference="alpine:3.20", bootstrapped=False, digest="alpine:3.20")
    assert [one.phase for one in events] == [Phase.STARTED, Phase.PROGRESS, Phase.DONE]


def test_without_leave_to_bootstrap_the_hint_is_setup() -> None:
    with pytest.raises(EngineError, match="no such host") as caught:
        base_image.provide("debian:bookworm-slim", engine_with(), ignore, bootstrap=False)
    assert "toolkit setup" in caught.value.hint


def test_a_stand_in_is_imported_with_labels_that_say_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text('#!/bin/sh\nfor word; do case "$word" in *.tar) echo rootfs >"$word" ;; esac; done\n')
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    monkeypatch.setattr(debian, "host_mirrors", lambda _release: ())
    monkeypatch.setattr(apt, "usable", lambda: False)
    monkeypatch.setattr(debian, "_KEYS", keys(tmp_path))
    engine = FakeEngine()
    made = base_image.provide("debian:bookworm-slim", cast("Engine", engine), ignore, bootstrap=True)
    assert made == ResolvedBase(reference=STAND_IN, bootstrapped=True, digest=STAND_IN)
    assert engine.content == b"rootfs\n"
    assert engine.imported[STAND_IN] == {
        labels.KIND: "base",
        labels.BASE: "debian:bookworm-slim",
        labels.BOOTSTRAPPED: "true",
    }
    assert list((tmp_path / "home" / ".cache" / "toolkit" / "bootstrap").iterdir()) == []


def test_a_failed_bootstrap_leaves_no_file_and_no_image(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    program = tmp_path / "bin" / "mmdebstrap"
    program.parent.mkdir()
    program.write_text("#!/bin/sh\necho 'E: no mirror answers' >&2\nexit 25\n")
    program.chmod(0o755)
    monkeypatch.setenv("PATH", f"{program.parent}:/bin:/usr/bin")
    monkeypatch.setattr(debian, "host_mirrors", lambda _release: ())
    monkeypatch.setattr(apt, "usable", lambda: False)
    monkeypatch.setattr(debian, "_KEYS", keys(tmp_path))
    engine = FakeEngine()
    events: list[Event] = []
    with pytest.raises(Exception, match="E: no mirror answers"):
        base_image.provide("debian:bookworm-slim", cast("Engine", engine), events.append, bootstrap=True)
    assert engine.references == set()
    assert events[-1].phase is Phase.FAILED
    assert list((tmp_path / "home" / ".cache" / "toolkit" / "bootstrap").iterdir()) == []


def test_without_the_archives_keys_it_says_which_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(apt, "usable", lambda: False)
    monkeypatch.setattr(apt, "need", lambda *_words, **_options: None)
    monkeypatch.setattr(debian, "_KEYS", keys(tmp_path))
    with pytest.raises(ToolkitError, match=r"keys of ubuntu's archive are missing: .*ubuntu-archive-keyring\.gpg"):
        base_image.provide("ubuntu:24.04", engine_with(), ignore, bootstrap=True)


@pytest.mark.parametrize(
    ("repository", "tag", "expected"),
    [
        ("debian", "bookworm-slim", Release(distribution="debian", suite="bookworm", slim=True)),
        ("debian", "12", Release(distribution="debian", suite="bookworm")),
        ("debian", "13-slim", Release(distribution="debian", suite="trixie", slim=True)),
        ("debian", "latest", Release(distribution="debian", suite="stable")),
        ("debian", "sid", Release(distribution="debian", suite="sid")),
        ("ubuntu", "24.04", Release(distribution="ubuntu", suite="noble")),
        ("ubuntu", "jammy", Release(distribution="ubuntu", suite="jammy")),
        ("ubuntu", "jammy-slim", None),
        ("debian", "bookworm-backports", None),
        ("debian", "noble", None),
        ("fedora", "41", None),
    ],
)
def test_the_suite_comes_from_the_tag(repository: str, tag: str, expected: Release | None) -> None:
    assert release_of(repository, tag) == expected


INDEX_TARGETS = """\
http://mirror.example.com/debian bookworm main Debian
http://mirror.example.com/debian bookworm contrib Debian
http://mirror.example.com/debian bookworm-updates main Debian
http://mirror.example.com/security bookworm-security main Debian
https://vendor.example.com/apt bookworm main Vendor
https://tools.example.com/apt stable main Tools
http://mirror.example.com/debian bookworm-backports main Debian
"""


def test_the_hosts_own_mirrors_serve_other_releases_too() -> None:
    trixie = Release(distribution="debian", suite="trixie")
    assert mirror_lines(INDEX_TARGETS, trixie, codename="bookworm") == (
        "deb http://mirror.example.com/debian trixie main",
        "deb http://mirror.example.com/debian trixie-updates main",
        "deb http://mirror.example.com/security trixie-security main",
    )


def test_sid_has_neither_updates_nor_security() -> None:
    sid = Release(distribution="debian", suite="sid")
    assert mirror_lines(INDEX_TARGETS, sid, codename="bookworm") == ("deb http://mirror.example.com/debian sid main",)


def test_another_distributions_mirrors_are_of_no_use() -> None:
    noble = Release(distribution="ubuntu", suite="noble")
    assert mirror_lines(INDEX_TARGETS, noble, codename="bookworm") == ()


def test_a_slim_release_drops_manuals_but_no_licences(tmp_path: Path) -> None:
    slim = Release(distribution="debian", suite="bookworm", slim=True)
    argv = mmdebstrap_command(
        slim, tmp_path / "root.tar", mirrors=["deb http://mirror.example.com/debian bookworm main"]
    )
    assert "--dpkgopt=path-exclude=/usr/share/man/*" in argv
    assert "--dpkgopt=path-include=/usr/share/doc/*/copyright" in argv
    assert argv[-3:] == ("bookworm", str(tmp_path / "root.tar"), "deb http://mirror.example.com/debian bookworm main")
    included = next(word for word in argv if word.startswith("--include="))
    assert set(included.removeprefix("--include=").split(",")) >= {"bash", "git", "python3", "ca-certificates"}


def test_a_full_disk_is_said_before_anything_is_fetched(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(debian, "_NEEDED_BYTES", 1 << 62)
    with pytest.raises(Exception, match="GB free"):
        debian.bootstrap_archive(Release(distribution="debian", suite="sid"), tmp_path / "root.tar", on_line=print)


@pytest.mark.parametrize(
    ("declared", "pulled", "known_as"),
    [
        ("debian:12", "debian@sha256:11", {"debian:12"}),
        ("registry.example.com:5000/team/base:1", "registry.example.com:5000/team/base@sha256:11", set()),
        ("debian@sha256:11", "debian@sha256:11", set()),
    ],
)
def test_a_recorded_digest_is_pulled_whatever_the_tag_names(declared: str, pulled: str, known_as: set[str]) -> None:
    engine = FakeEngine(offered={pulled, declared})
    base_image.provide(declared, cast("Engine", engine), ignore, bootstrap=False, digest="sha256:11")
    assert engine.pulled == [pulled]
    assert engine.references == {pulled, declared} | known_as


def test_a_name_without_a_tag_becomes_its_latest() -> None:
    engine = FakeEngine(offered={"debian@sha256:11"})
    with pytest.raises(EngineError, match="the engine does not have it"):  # the fake knows no default tag
        base_image.provide("debian", cast("Engine", engine), ignore, bootstrap=False, digest="sha256:11")
    assert "debian:latest" in engine.references
