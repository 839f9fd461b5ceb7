"""`python3 -I /opt/toolkit/gateways ROLE`: isolated mode, so that nothing beside it can stand in for a module."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))
sys.exit(import_module("gateways.entry").main(sys.argv[1:]))
