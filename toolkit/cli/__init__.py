"""The command line: options, one workflow, one view."""
