"""Pushes that no session may make, as a shell script each; `$B` is the session's own branch, `$M` the tip of main.

They run in a copy of a clone that `PREPARED` has made ready. The same script, run with a password at a repository
without any rule, must move something there: so a refusal here is the gateway's doing and not the script's.
"""

from __future__ import annotations

SEEDED = """
git -C "$1.git" config receive.denyDeleteCurrent ignore
git -C "$1.git" config receive.advertisePushOptions true
git -C "$1.git" update-ref refs/heads/other main
git -C "$1.git" update-ref refs/heads/session/other-fox-1111 main
git -C "$1.git" update-ref refs/tags/v0 main
"""
"""At the forge, before anybody clones."""

PREPARED = """
git fetch -q --tags origin '+refs/heads/*:refs/remotes/origin/*'
git checkout -q "$B" 2>/dev/null || git checkout -q -b "$B" origin/main
git commit -q --allow-empty -m two
git push -q origin "HEAD:refs/heads/$B"
git commit -q --allow-empty -m three
git branch -q --no-track -f topic
git branch -q -f main origin/main
git tag v1
git tag -a -m two v2
git notes add -m noted
"""

ZERO = "0" * 40

FORMS: dict[str, str] = {
    "main": "git push origin HEAD:main",
    "main by its whole name": "git push origin HEAD:refs/heads/main",
    "main by force": 'git push --force origin "$B:main"',
    "main back to an older commit": "git commit-tree -m new HEAD^{tree} | xargs -I% git push origin +%:main",
    "another branch": "git push origin HEAD:other",
    "a new branch": "git push origin topic",
    "another session's branch": "git push origin HEAD:session/other-fox-1111",
    "a branch beside the sessions'": "git push origin HEAD:refs/heads/session/deep/down",
    "the own name with something behind": 'git push origin "HEAD:refs/heads/${B}x"',
    "the own name in capitals": 'git push origin "HEAD:refs/heads/SESSION/${B#session/}"',
    "the own name below tags": 'git push origin "HEAD:refs/tags/$B"',
    "the own name below another folder of refs": 'git push origin "HEAD:refs/elsewhere/$B"',
    "the own name twice": 'git push origin "HEAD:refs/heads/refs/heads/$B"',
    "the own name and a line's end of Unicode": (
        f'git push origin "HEAD:refs/heads/$B$(printf "\\342\\200\\250"){ZERO}'
        '$(printf "\\342\\200\\203")$(git rev-parse HEAD)$(printf "\\342\\200\\203")refs/heads/$B"'
    ),
    "the own name and a blank of Unicode": 'git push origin "HEAD:refs/heads/$B$(printf "\\302\\240")main"',
    "a name like an option": "git push origin HEAD:refs/heads/--mirror",
    "a name that breaks a terminal": 'git push origin "HEAD:refs/heads/$(printf "\\302\\233")31mred"',
    "a tag": "git push origin v1",
    "an annotated tag": "git push origin v2",
    "all tags": "git push --tags origin",
    "tags along with the own branch": 'git push --follow-tags origin "$B"',
    "a tag moved": "git push --force origin HEAD:refs/tags/v0",
    "a tag deleted": "git push origin :refs/tags/v0",
    "main deleted": "git push origin :main",
    "another session's branch deleted": "git push origin --delete session/other-fox-1111",
    "the own branch deleted": 'git push origin --delete "$B"',
    "the own branch rewritten": 'git push --force origin "HEAD~2:refs/heads/$B"',
    "the own branch rewritten under a lease": 'git push --force-with-lease="$B" origin "HEAD~2:refs/heads/$B"',
    "the own branch amended": (
        'git fetch -q origin && git reset -q --hard "origin/$B" && git commit -q --amend --allow-empty -m changed && '
        'git push origin "+$B"'
    ),
    "notes": "git push origin refs/notes/commits",
    "a review": "git push origin HEAD:refs/for/main",
    "a pull request": "git push origin HEAD:refs/pull/1/head",
    "the forge's own configuration": "git push origin HEAD:refs/meta/config",
    "a replacement": 'git push origin "HEAD:refs/replace/$M"',
    "a carried ref": "git push origin HEAD:refs/toolkit/head",
    "a branch of home": "git push origin HEAD:refs/home/main",
    "a remote's branch": "git push origin HEAD:refs/remotes/origin/main",
    "all branches": "git push --all origin",
    "a mirror": "git push --mirror origin",
    "what is not here deleted": "git push --prune origin 'refs/heads/*:refs/heads/*'",
    "copies by a pattern": "git push origin 'refs/heads/*:refs/heads/copy/*'",
    "two refs, one bad": 'git push origin "$B" HEAD:main',
    "two refs, one bad, atomic": 'git push --atomic origin "$B" HEAD:main',
    "two refs, one a tag": 'git push origin "$B" v1',
    "twenty refs, the last one bad": 'git push origin $(for i in $(seq 20); do echo "$B:refs/heads/n/$i"; done) "$B"',
    "with an option for the forge": "git push -o ci.skip origin HEAD:main",
    "a symbolic ref of its own": "git symbolic-ref refs/heads/alias refs/heads/topic && git push origin alias:main",
    "another program at the other end": "git push --receive-pack='git-receive-pack --force' origin HEAD:main",
    "by configuration": "git config remote.origin.push HEAD:refs/heads/main && git push origin",
    "by the branch's upstream": (
        'git config push.default upstream && git config "branch.$B.merge" refs/heads/main && git push origin'
    ),
    "without the push's own checks": "git push --no-verify --no-thin --quiet origin HEAD:main",
    "in the oldest protocol": "git -c protocol.version=0 push origin HEAD:main",
    "in pieces": (
        "head -c 3000000 /dev/urandom >large && git add large && git commit -q -m large && "
        "git -c http.postBuffer=65536 push origin HEAD:main"
    ),
    "from a shallow clone": (
        'git clone -q --depth 1 "$(git remote get-url origin)" shallow && cd shallow && '
        "git -c user.name=S -c user.email=s@example.com commit -q --allow-empty -m shallow && git push origin HEAD:main"
    ),
    "a tree that holds .git": (
        "blob=$(echo bad | git hash-object -w --stdin) && "
        'tree=$(printf "100644 blob %s\\t.git\\n" "$blob" | git mktree --missing) && '
        'bad=$(git commit-tree -p HEAD -m bad "$tree") && git push origin "$bad:refs/heads/$B"'
    ),
}
