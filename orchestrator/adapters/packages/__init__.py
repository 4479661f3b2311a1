"""The packages of the Lambda functions: what goes in, where the libraries come from, the zip files, and when to make them anew."""

from orchestrator.adapters.packages.builder import Package, build_packages, ensure_packages

__all__ = ["Package", "build_packages", "ensure_packages"]
