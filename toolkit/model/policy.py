"""What a session's network lets through, as one value, and what is asked of it."""

from __future__ import annotations

from enum import StrEnum

from toolkit.record import Record

TYPE_CHECKING = False
if TYPE_CHECKING:
    from toolkit.model.environment import Access

PORTS = {"http": 80, "ws": 80, "https": 443, "wss": 443}
"""Scheme → the only port that it is let through on."""

PLAIN_SCHEMES = frozenset({"http", "ws"})
"""Schemes that anyone on the way can read."""

SPECIAL_USE = ("localhost", "local", "internal", "home.arpa")
"""Names, and all below them, that never leave a machine or a site: refused at every level (product, section 4)."""

ANY_ADDRESS = "(any IP address)"
ANY_SINGLE_LABEL = "(any name without a dot)"
ANY_NAME = "(any public name)"
NOTHING_ELSE = "(nothing else)"


class RuleKind(StrEnum):
    """In the order in which rules are asked; the first that matches decides."""

    MALFORMED = "malformed"
    SCHEME = "scheme"
    DENY = "deny"
    ADDRESS = "address"
    PORT = "port"
    SECRET = "secret"  # noqa: S105 -- a word, not one
    ALLOW = "allow"
    PRESET = "preset"
    REGISTRY = "registry"
    LEVEL = "level"
    DEFAULT = "default"

    @property
    def allows(self) -> bool:
        """Whether a match lets a URL through; a secret's host takes https alone."""
        return self in _ALLOWING


_ALLOWING = frozenset({RuleKind.SECRET, RuleKind.ALLOW, RuleKind.PRESET, RuleKind.REGISTRY, RuleKind.LEVEL})


class Rule(Record):
    """`pattern`: a domain, `*.` before one, or a phrase in brackets; `source`: where a person finds the rule.

    `group`: the secret's name, the preset's group, or the client of a registry; empty for the others.
    """

    kind: RuleKind
    pattern: str
    source: str
    group: str = ""

    def covers(self, host: str) -> bool:
        """Whether the pattern stands for this host: `*.x` for every name below x at any depth, never for x."""
        return host == self.pattern or (self.pattern.startswith("*.") and host.endswith(self.pattern[1:]))


class Policy(Record):
    """The effective network rules of an environment, in order; `default` refuses what none of them matches.

    `preset` is the version of the default list, empty where the environment does not use it.
    """

    level: Access
    rules: tuple[Rule, ...]
    default: Rule
    preset: str = ""

    def of_kind(self, *kinds: RuleKind) -> tuple[Rule, ...]:
        return tuple(one for one in self.rules if one.kind in kinds)

    def patterns(self, *kinds: RuleKind) -> tuple[str, ...]:
        """The patterns of these kinds, each once, in their order."""
        return tuple(dict.fromkeys(one.pattern for one in self.of_kind(*kinds)))

    def groups(self, kind: RuleKind) -> dict[str, tuple[Rule, ...]]:
        """The rules of one kind by their group: secrets, the preset's groups, clients' registries."""
        found: dict[str, tuple[Rule, ...]] = {}
        for one in self.of_kind(kind):
            found[one.group] = (*found.get(one.group, ()), one)
        return found

    @property
    def text(self) -> str:
        """What the policy means, one rule a line: no sources, and no order within a kind, for neither changes it."""
        head = [f"level {self.level.value}", *([f"preset {self.preset}"] if self.preset else [])]
        meant = {(list(RuleKind).index(one.kind), _line(one)) for one in self.rules}
        return "\n".join([*head, *(line for _, line in sorted(meant)), _line(self.default), ""])

    @property
    def sha256(self) -> str:
        """64 hex digits of the text's digest."""
        import hashlib  # loads OpenSSL: `network check` does without

        return hashlib.sha256(self.text.encode()).hexdigest()


def _line(rule: Rule) -> str:
    """Which secret a host gets is meaning; which group lists a name is not."""
    return f"{rule.kind.value} {rule.pattern}" + (f" {rule.group}" if rule.kind is RuleKind.SECRET else "")


class Preset(Record):
    """A default list: names by group, `*.x` for all below x."""

    version: str
    groups: tuple[tuple[str, tuple[str, ...]], ...]


class SiteRegistry(Record):
    """A host that one of the site's package clients uses, and the settings that say so."""

    client: str
    host: str
    source: str


class Url(Record):
    """An address as asked for, in one spelling: `host` in lower case, ASCII, without a dot at the end.

    `fault` says why the text is no URL that can be judged; then, and with a scheme that is not let through, the rest
    is empty. `is_address`: the host is an IP address, whatever the notation; `host` is then its usual one.
    """

    text: str
    scheme: str = ""
    host: str = ""
    port: int = 0
    is_address: bool = False
    fault: str = ""


class Decision(Record):
    """Whether a URL passes, by which rule, and why in one sentence."""

    url: Url
    allowed: bool
    rule: Rule
    reason: str


class NewPolicy(Record):
    """What a session's gateway holds from now on."""

    session: str
    sha256: str
    level: str
