"""Where the engine meets the outside: Terraform, the local cloud, AWS, processes, folders on disk."""
