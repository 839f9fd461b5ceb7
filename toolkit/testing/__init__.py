"""Declared environments for test suites."""
