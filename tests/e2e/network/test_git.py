"""`git clone` over https from inside a session, through its gateway, from a server that an allowed name leads to."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import pytest

from tests.e2e.network.audit import until
from tests.e2e.network.names import SHUT, WILD
from tests.support.git import git, repository

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.e2e.network.lab import Lab
    from tests.support.cli import Toolkit

LISTED = "github.com"  # on the default list; in the lab it leads to the lab's own origin
HOSTS = {"trusted": (LISTED, LISTED), "custom": (f"git.{WILD}", f"*.{WILD}")}
CLONE = "cd /tmp && rm -rf shop && git clone -q https://{host}/git/shop.git shop && cat shop/readme.md"


@pytest.fixture(scope="module")
def served(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The lab serves a repository; what its README says."""
    text = "# Over https\n"
    source = repository(tmp_path_factory.mktemp("served") / "shop", readme_md=text)
    bare = lab.folder / "files" / "shop.git"
    git(source, "clone", "-q", "--bare", str(source), str(bare))
    lab.name(LISTED, A=[lab.addresses.origin])
    yield text
    shutil.rmtree(bare)


@pytest.mark.parametrize("level", list(HOSTS))
def test_a_clone_over_https_just_works(
    site: Toolkit, sessions: Callable[..., str], lab: Lab, served: str, level: str, tmp_path: Path
) -> None:
    host, rule = HOSTS[level]
    session = sessions(level)
    mark = lab.mark()
    assert site("exec", session, "--", "bash", "-c", CLONE.format(host=host)).stdout == served
    requests = [one.more["target"] for one in lab.since(mark) if one.what == "request" and one.peer == "origin"]
    assert "/git/shop.git/git-upload-pack" in requests, "by the smart protocol, from the lab's server"
    refused = site("exec", session, "--", "bash", "-c", CLONE.format(host=SHUT), code=None)
    assert refused.returncode != 0
    assert "407" in refused.stderr
    told = until(site, session, lambda found: any(one.host == SHUT for one in found))
    assert {(one.decision, one.rule) for one in told if one.host == host} == {("allow", rule)}
    assert {one.decision for one in told if one.host == SHUT} == {"deny"}
