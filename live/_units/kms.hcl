# The customer-managed keys, one per purpose. Everything that stores data depends on this unit.

terraform {
  source = "${dirname(find_in_parent_folders("root.hcl"))}/../modules//kms"
}
