"""platformctl: plans and applies a stack of Terraform modules in dependency order."""

__version__ = "0.1.0"
