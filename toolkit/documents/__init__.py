"""YAML files: read with positions, edited with their comments kept. The only importer of ruamel."""

from toolkit.documents.document import Document, Loaded, Pointer, dotted
from toolkit.documents.load import MAX_BYTES, load, load_plain

__all__ = ["MAX_BYTES", "Document", "Loaded", "Pointer", "dotted", "load", "load_plain"]
