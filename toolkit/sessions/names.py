"""Session ids that people can say: `calm-otter-3f9a`."""

from __future__ import annotations

import re
import secrets

_ADJECTIVES = """
amber bold brave brief bright brisk calm clear clever cool crisp daring deep eager early easy fair fleet fresh
gentle glad golden grand happy honest humble keen kind late light lively lucky mellow merry mild neat nimble noble
open plain polite proud quick quiet rapid ready rosy round sharp shy silent silver sleek smart smooth snug soft
solid steady still sunny swift tidy warm wise young
"""
_ANIMALS = """
ant badger bat bear beaver bee bison boar camel cat cod crab crane crow deer dingo dolphin dove duck eagle eel elk
falcon ferret finch fox frog gecko goat goose gull hare hawk heron horse ibex jay kestrel kite koala lark lemur lion
llama lynx mole moose moth mouse newt orca osprey otter owl panda perch pike puma quail rabbit raven robin salmon
seal shrew skunk sloth snail sparrow squid stork swan tapir tern tiger toad trout turtle vole wasp whale wolf wombat
wren yak zebra
"""
VERIFY_PREFIX = "verify-"
"""How the id of a verification's session begins."""

VERIFY_FOLDER = "toolkit-verify-"
"""How the folder begins that its repositories lie in."""

BEGINNING = re.compile(r"[a-z]+(-[a-z]*(-[0-9a-f]{0,4})?)?")


def new_id() -> str:
    """A fresh id; that no other session has it is held by the engine, which refuses a second container of a name."""
    return f"{secrets.choice(_ADJECTIVES.split())}-{secrets.choice(_ANIMALS.split())}-{secrets.token_hex(2)}"
