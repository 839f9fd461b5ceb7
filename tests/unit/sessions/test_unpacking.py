"""Archives out of sessions: by tarfile's own filter, and by the same rules where Python is too old to have it."""

from __future__ import annotations

import io
import tarfile
from typing import TYPE_CHECKING

import pytest

from toolkit.sessions.unpacking import RefusedEntryError, unpack

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["python's", "ours"])
def _rules(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.param == "ours":
        monkeypatch.delattr(tarfile, "data_filter")
        # what a Python without the filter does
        monkeypatch.setattr(
            tarfile.TarFile, "extraction_filter", staticmethod(lambda member, _path: member), raising=False
        )


def archive(*entries: tarfile.TarInfo) -> tarfile.TarFile:
    held = io.BytesIO()
    with tarfile.open(fileobj=held, mode="w") as tar:
        for one in entries:
            one.size = 2 if one.isfile() else 0
            tar.addfile(one, io.BytesIO(b"x\n"))
    held.seek(0)
    return tarfile.open(fileobj=held)


def entry(name: str, *, kind: bytes = tarfile.REGTYPE, to: str = "", mode: int = 0o644) -> tarfile.TarInfo:
    made = tarfile.TarInfo(name)
    made.type, made.linkname, made.mode, made.uid, made.gid = kind, to, mode, 4711, 4711
    return made


@pytest.mark.usefixtures("_rules")
def test_files_folders_and_links_inside(tmp_path: Path) -> None:
    with archive(
        entry("a", kind=tarfile.DIRTYPE, mode=0o755),
        entry("a/tool", mode=0o4777),
        entry("a/link", kind=tarfile.SYMTYPE, to="../a/tool"),
        entry("a/hard", kind=tarfile.LNKTYPE, to="a/tool", mode=0o777),
        entry("/rooted"),
    ) as tar:
        unpack(tar, tmp_path, tar)

    tool = tmp_path / "a/tool"
    assert tool.read_text() == "x\n"
    assert tool.stat().st_mode & 0o7777 == 0o755
    assert tool.stat().st_uid == tmp_path.stat().st_uid
    assert (tmp_path / "a/link").resolve() == tool
    assert (tmp_path / "a/hard").read_text() == "x\n"
    assert (tmp_path / "rooted").is_file()


@pytest.mark.usefixtures("_rules")
@pytest.mark.parametrize(
    "entries",
    [
        (entry("../out"),),
        (entry("a/../../out"),),
        (entry("link", kind=tarfile.SYMTYPE, to="../out"),),
        (entry("link", kind=tarfile.SYMTYPE, to="/etc/passwd"),),
        (entry("link", kind=tarfile.LNKTYPE, to="../out"),),
        (entry("pipe", kind=tarfile.FIFOTYPE),),
        (entry("device", kind=tarfile.CHRTYPE),),
        (entry("a", kind=tarfile.SYMTYPE, to="b"), entry("b", kind=tarfile.SYMTYPE, to=".."), entry("a/out")),
    ],
)
def test_what_may_not_be_laid_out(entries: tuple[tarfile.TarInfo, ...], tmp_path: Path) -> None:
    into = tmp_path / "lab" / "into"
    into.mkdir(parents=True)
    with archive(*entries) as tar, pytest.raises(RefusedEntryError):
        unpack(tar, into, tar)
    assert [one.name for one in into.parent.iterdir()] == ["into"]
