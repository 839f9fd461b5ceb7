"""The labels that all we create carries: the only record of what exists, and whose it is."""

from __future__ import annotations

PREFIX = "dev.toolkit."
KIND = (
    "dev.toolkit.kind"  # image, base, snapshot; session, gateway, git-gateway, prepare, test; network, egress; mirror
)
ENVIRONMENT = "dev.toolkit.environment"
BUILD = "dev.toolkit.build"
BASE = "dev.toolkit.base"  # the reference that an image was really built from
BOOTSTRAPPED = "dev.toolkit.bootstrapped"
STACK = "dev.toolkit.stack"  # the stack that an image belongs to: its name and a digest of where its state is
GENERATION = "dev.toolkit.generation"  # which making of an image this is: a new one after a removal by hand
RECIPE = "dev.toolkit.recipe"  # what the image is made of, as JSON
BASE_DIGEST = "dev.toolkit.base-digest"  # of the base as it was when the image was made: the registry's, else the id
REVISION = "dev.toolkit.revision"
SESSION = "dev.toolkit.session"
BRANCH = "dev.toolkit.branch"
TASK = "dev.toolkit.task"
AGENT = "dev.toolkit.agent"
REPOSITORY = "dev.toolkit.repository"
CREATED = "dev.toolkit.created"
LAUNCHER = "dev.toolkit.launcher"  # host:pid:start of the client that makes it
BASE_COMMIT = "dev.toolkit.base-commit"  # where the session's branch began
BASE_BRANCH = "dev.toolkit.base-branch"  # the branch that it began at; empty: a detached head
ACCOUNT = "dev.toolkit.account"  # who started the session
PROJECT_DIR = "dev.toolkit.project-dir"
POLICY = "dev.toolkit.policy"  # SHA-256 of the network policy that a gateway was made with
SNAPSHOT = "dev.toolkit.snapshot"  # the key of a snapshot: what it was made from

VERIFICATION = "dev.toolkit.verification"  # the session of a verification whose outside this is

IMAGE_KIND = "image"
GATEWAY_KIND = "gateway"  # of the gateways' image, and of a session's own egress gateway
PREPARE_KIND = "prepare"  # a container that runs a setup script
SNAPSHOT_KIND = "snapshot"  # an image: another image with the files that a setup script left
GIT_GATEWAY_KIND = "git-gateway"
TEST_KIND = "test"  # what a verification or a test suite makes around environments
MIRROR_KIND = "mirror"  # the volume that sessions of one remote borrow its objects from
EGRESS_KIND = "egress"  # the network that all gateways share
GATEWAY_NAME = "toolkit.gateway"  # stands where an environment's name stands; the dot keeps it apart from all of them
