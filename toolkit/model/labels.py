"""The labels that all we create carries: the only record of what exists, and whose it is."""

from __future__ import annotations

PREFIX = "dev.toolkit."
KIND = "dev.toolkit.kind"  # image, base, session, network, probe
ENVIRONMENT = "dev.toolkit.environment"
BUILD = "dev.toolkit.build"
BASE = "dev.toolkit.base"  # the reference that an image was really built from
BOOTSTRAPPED = "dev.toolkit.bootstrapped"
STACK = "dev.toolkit.stack"
REVISION = "dev.toolkit.revision"
SESSION = "dev.toolkit.session"
BRANCH = "dev.toolkit.branch"
TASK = "dev.toolkit.task"
AGENT = "dev.toolkit.agent"
REPOSITORY = "dev.toolkit.repository"
CREATED = "dev.toolkit.created"
ARCHIVED = "dev.toolkit.archived"
