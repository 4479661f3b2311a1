"""Builds the packages of the Lambda functions: zip files of their sources and libraries."""

from orchestrator.platform.packages.builder import Package, build_packages, ensure_packages

__all__ = ["Package", "build_packages", "ensure_packages"]
