"""The program that `pulumi up` in this folder and `toolkit up` both run."""

import os
from pathlib import Path

import environment_image  # type: ignore[import-not-found]  # this folder is the program's own
import gateway_image  # type: ignore[import-not-found]
import pulumi

from toolkit.engines.connection import connect
from toolkit.errors import ToolkitError
from toolkit.workflows.images import planned

root = Path(os.environ.get("TOOLKIT_ROOT") or Path(__file__).resolve().parent.parent)
try:
    *images, gateway = planned(root, connect(), project=pulumi.get_project(), stack=pulumi.get_stack())
except ToolkitError as error:
    problems = [str(one) for one in error.diagnostics]
    hint = [f"hint: {error.hint}"] if error.hint else []
    raise pulumi.RunError("\n".join([*problems, error.message, *hint])) from error
environment_image.declare(images)
gateway_image.declare(gateway)
