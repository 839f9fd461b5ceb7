"""One file: loaded, checked by itself, and the files that it names read in."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import PurePosixPath
from posixpath import basename, splitext
from typing import TYPE_CHECKING

from toolkit.declare import domains, dotenv, own_rules
from toolkit.declare.findings import Fault, Findings
from toolkit.declare.located import Located, Place, located
from toolkit.declare.tree import SUFFIX, Tree, UnreadableError
from toolkit.diagnostics import Diagnostic, Severity, has_errors
from toolkit.documents import load, load_plain
from toolkit.memory import NAMED
from toolkit.schema import check, passes

if TYPE_CHECKING:
    from collections.abc import Callable

    from toolkit.documents import Document, Pointer

    _PlaceOf = Callable[[int, int], Place]

_HEAD = ("version", "name", "description", "archived", "extends")
"""What belongs to one file alone and is never inherited."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Declaration:
    """A file and what it says by itself; `body` is None where the file can't be read as YAML at all.

    `body` holds what children inherit, in one form: variables as a mapping, scripts and certificates read in.
    """

    path: str
    stem: str
    name: str
    description: str = ""
    archived: bool = False
    extends: str = ""
    document: Document | None = None
    body: Located | None = None
    problems: tuple[Diagnostic, ...] = ()

    @property
    def failed(self) -> bool:
        return has_errors(self.problems)


def read(tree: Tree, path: str) -> Declaration:
    """The declaration at `path` (relative to the tree's root), with every problem that it has by itself."""
    if shown(path) != path:
        fault = Fault(rule="file-name", message="the name of the file is not valid UTF-8", hint="rename it")
        return _broken(shown(path), [_at_start(shown(path), fault)])
    try:
        content = tree.read(path)
    except UnreadableError as error:
        return _broken(path, [_at_start(path, error.fault)])
    return parse(tree, path, content)


def parse(tree: Tree, path: str, content: bytes, *, named: bool = True) -> Declaration:
    """The same from bytes; `named=False` where the file has no name that the environment's could differ from."""
    loaded = load(content, path=path)
    if loaded.document is None:
        return _broken(path, loaded.diagnostics)
    findings = Findings(document=loaded.document)
    findings.problems.extend(loaded.diagnostics)
    newer = own_rules.newer_version(findings)
    if newer:  # what a later format means is not ours to judge
        return _broken(path, findings.problems)
    findings.problems.extend(check(loaded.document, "environment"))
    return _judged(tree, findings, named=named)


def read_quickly(tree: Tree, path: str) -> Declaration | None:
    """The same where the file is plain and nothing is to be said about it, its places left out; else None."""
    try:
        document = load_plain(tree.read(path), path=path)
    except (UnreadableError, UnicodeEncodeError):
        return None
    if document is None or not passes(document.data, "environment"):
        return None
    findings = Findings(document=document)
    if own_rules.newer_version(findings):
        return None
    quick = _judged(tree, findings, named=True)
    return None if quick.problems else quick


def _judged(tree: Tree, findings: Findings, *, named: bool) -> Declaration:
    """By the rules beyond the schema."""
    path = findings.document.path
    own_rules.check(findings)
    if named:
        own_rules.check_file_name(findings, stem=_stem(path), suffix_is_right=path.endswith(SUFFIX))
    body = _body(tree, findings)
    return Declaration(
        path=path,
        stem=_stem(path),
        name=_name(findings, "name") or _stem(path),
        description=_text(findings, "description"),
        archived=findings.value("archived") is True,
        extends=_name(findings, "extends"),
        document=findings.document,
        body=body,
        problems=tuple(findings.problems),
    )


def shown(path: str) -> str:
    """The path as it can be printed: POSIX allows names that are no UTF-8."""
    return path.encode("utf-8", "replace").decode("utf-8")


def named_files(declaration: Declaration) -> tuple[str, ...]:
    """The files that a declaration names, as they stand there: relative to its folder."""
    if declaration.document is None:
        return ()
    findings = Findings(document=declaration.document)
    named = [findings.value("variables_file"), findings.value("setup", "file")]
    named += [item for _, item in findings.items("image", "ca_certificates")]
    return tuple(one for one in named if isinstance(one, str))


def rests_on(tree: Tree, declaration: Declaration) -> tuple[str, ...]:
    """The file and those that it names, as `Tree.seen` notes them."""
    named = (tree.beside(declaration.path, one) for one in named_files(declaration))
    return (declaration.path, *(f"{NAMED}{one}" for one in named))


def _broken(path: str, problems: tuple[Diagnostic, ...] | list[Diagnostic]) -> Declaration:
    return Declaration(path=path, stem=_stem(path), name=_stem(path), problems=tuple(problems))


def _at_start(path: str, fault: Fault) -> Diagnostic:
    return Diagnostic(path=path, line=1, column=1, pointer="", rule=fault.rule, message=fault.message, hint=fault.hint)


def _stem(path: str) -> str:
    """As PurePosixPath's, ten times as fast."""
    return splitext(basename(path))[0]


def _text(findings: Findings, key: str) -> str:
    value = findings.value(key)
    return value if isinstance(value, str) else ""


def _name(findings: Findings, key: str) -> str:
    """The name there; empty where it is none, which the schema has reported."""
    name = _text(findings, key)
    return name if own_rules.NAME.fullmatch(name) else ""


def _body(tree: Tree, findings: Findings) -> Located:
    whole = located(findings.document)
    if not isinstance(whole.value, dict):
        return Located(value={}, at=whole.at)
    body = whole.without(*_HEAD, "variables", "variables_file")
    variables = _variables(tree, findings)
    entries: dict[str, Located] = {}
    if variables is not None:
        entries["variables"] = variables
    for key, normal in (("network", _network), ("setup", _setup), ("image", _image)):
        part = whole.get(key)
        if part is not None and isinstance(part.value, dict):
            entries[key] = normal(tree, findings, part)
    return body.with_entries(entries)


def _network(_tree: Tree, _findings: Findings, network: Located) -> Located:
    """`limited` is trusted; domains in lower case."""
    entries: dict[str, Located] = {}
    access = network.get("access")
    if access is not None and access.value == "limited":
        entries["access"] = access.holding("trusted")
    for key in ("allow", "deny"):
        domain_list = network.get(key)
        if domain_list is not None and isinstance(domain_list.value, list):
            entries[key] = _lowered(domain_list)
    secrets = network.get("secrets")
    if secrets is not None and isinstance(secrets.value, list):
        entries["secrets"] = secrets.holding([_lowered_hosts(one) for one in secrets.value])
    return network.with_entries(entries)


def _lowered_hosts(secret: Located) -> Located:
    hosts = secret.get("hosts")
    return secret if hosts is None else secret.with_entries({"hosts": _lowered(hosts)})


def _lowered(domain_list: Located) -> Located:
    if not isinstance(domain_list.value, list):
        return domain_list
    items = [one.holding(domains.normal(one.value)) if isinstance(one.value, str) else one for one in domain_list.value]
    return domain_list.holding(items)


def _setup(tree: Tree, findings: Findings, setup: Located) -> Located:
    """`file` becomes `script`, its origin the file itself."""
    file = setup.get("file")
    rest = setup.without("file")
    if file is None or not isinstance(file.value, str):
        return rest
    found = _named_text(tree, findings, ("setup", "file"), file.value)
    if found is None or setup.get("script") is not None:
        return rest
    path, text = found
    script = Located(value=text, at=Place(path=path, line=1, column=1), key_at=file.key_at)
    return rest.with_entries({"script": script})


def _image(tree: Tree, findings: Findings, image: Located) -> Located:
    """Each certificate becomes its name and its PEM text."""
    certificates = image.get("ca_certificates")
    if certificates is None or not isinstance(certificates.value, list):
        return image
    read_in: list[Located] = []
    for index, one in enumerate(certificates.value):
        pointer: Pointer = ("image", "ca_certificates", index)
        found = _named_text(tree, findings, pointer, one.value) if isinstance(one.value, str) else None
        if found is None:
            continue
        fault = own_rules.certificate_fault(found[0], found[1])
        if fault is not None:
            findings.add(pointer, fault)
        name = Located(value=PurePosixPath(str(one.value)).name, at=one.at)
        pem = Located(value=found[1], at=Place(path=found[0], line=1, column=1))
        read_in.append(one.holding({"name": name, "pem": pem}))
    return image.with_entries({"ca_certificates": certificates.holding(read_in)})


def _variables(tree: Tree, findings: Findings) -> Located | None:
    inline = findings.value("variables")
    if isinstance(inline, str):

        def place(line: int, column: int) -> Place:
            line, column = findings.document.place_within(("variables",), line, column)
            return Place(path=findings.document.path, line=line, column=column)

        return _parsed(findings, inline, "variables", place)
    file = findings.value("variables_file")
    if not isinstance(file, str):
        return None
    found = _named_text(tree, findings, ("variables_file",), file)
    if found is None:
        return None
    return _parsed(
        findings, found[1], "variables_file", lambda line, column: Place(path=found[0], line=line, column=column)
    )


def _parsed(findings: Findings, text: str, key: str, place: _PlaceOf) -> Located:
    said = dotenv.check(text)
    for one in said.faults:
        at = place(one.line, one.column)
        pointer = f"variables.{one.key}" if one.key else key
        severity = Severity.WARNING if one.is_warning else Severity.ERROR
        fault = one.fault
        if one.first:
            fault = replace(fault, hint=f"first in line {place(one.first, 1).line}")
        findings.add_at(at.path, (at.line, at.column), pointer, fault, severity=severity)
    entries = {one.key: Located(value=dotenv.value_of(one), at=place(one.line, one.column)) for one in said.assignments}
    line, column = findings.document.place((key,))
    return Located(value=entries, at=Place(path=findings.document.path, line=line, column=column))


def _named_text(tree: Tree, findings: Findings, pointer: Pointer, named: str) -> tuple[str, str] | None:
    """The path and text of a file that the declaration names, line ends as LF; None after reporting why not."""
    try:
        path, content = tree.read_beside(findings.document.path, named)
        text = content.decode("utf-8-sig").replace("\r\n", "\n")
    except UnreadableError as error:
        findings.add(pointer, error.fault)
        return None
    except UnicodeDecodeError as error:
        line = content[: error.start].count(b"\n") + 1
        message = f"'{named}' is not valid UTF-8 in line {line}"
        findings.add(pointer, Fault(rule="file-not-utf-8", message=message, hint="save the file as UTF-8"))
        return None
    return path, text
