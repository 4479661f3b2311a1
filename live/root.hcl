# What every unit of every environment shares: where its state lives, how Terraform reaches AWS, and the inputs that all
# modules spell alike. The units include it; it is never run by itself.
#
# platformctl sets these variables; for Terragrunt export them yourself:
#   PLATFORM_SUFFIX      ends every name of the deployment, for example pr42
#   PLATFORM_ACCOUNT_ID  the AWS account, 12 digits
#   PLATFORM_TARGET      aws (the default) or local, where AWS_ENDPOINT_URL names the local cloud
#   PLATFORM_ACCOUNT_SETTINGS  what the deployment owns of the account; empty for nothing, where another one owns all of it
#   PLATFORM_DATABASE_PRINCIPALS  the IAM roles and users, by ARN with commas between, who may log in to the database
#   PLATFORM_FUNCTION_VERSIONS  versions of functions that serve instead of the newest, as a rollback left them: ingest=3,api=5
#   PLATFORM_PERMISSIONS_BOUNDARY  ARN of an account-wide permissions boundary for every role; empty for one per deployment
#   PLATFORM_PACKAGES    what `platformctl build` wrote, if it lies elsewhere than in .platformctl/build/packages.json

locals {
  account_id = get_env("PLATFORM_ACCOUNT_ID")
  region     = "us-east-1"
  suffix     = get_env("PLATFORM_SUFFIX")

  # Looked up rather than compared, so that a target that does not exist is an error and not AWS.
  is_local = { aws = false, local = true }[get_env("PLATFORM_TARGET", "aws")]

  # The settings that exist once per account and region, and that this deployment owns: Config's recorder and delivery channel, the
  # role with which API Gateway writes logs, the log group of RDS's enhanced monitoring.
  owned = split(",", get_env("PLATFORM_ACCOUNT_SETTINGS", "api-logs,config,database-monitoring"))

  environment = read_terragrunt_config(find_in_parent_folders("env.hcl"))

  # A unit lies directly in its environment's folder. The environment is no part of the key: the suffix tells deployments apart.
  unit = basename(path_relative_to_include())
}

remote_state {
  backend = "s3"

  generate = {
    path      = "backend.tf"
    if_exists = "overwrite_terragrunt"
  }

  # Not "encrypt", which would ask S3 for its own key: without it states get the bucket's default, a key of their own.
  config = {
    bucket       = "terraform-state-${local.account_id}-${local.region}"
    key          = "${local.suffix}/${local.unit}/terraform.tfstate"
    region       = local.region
    use_lockfile = true

    # The local cloud has no real credentials to validate, and its buckets are paths instead of host names.
    skip_credentials_validation = local.is_local
    skip_metadata_api_check     = local.is_local
    skip_requesting_account_id  = local.is_local
    use_path_style              = local.is_local
  }
}

# 25 retries are the provider's default. The local cloud gets few, so that what it does not implement fails soon.
generate "provider" {
  path      = "provider.tf"
  if_exists = "overwrite_terragrunt"

  contents = <<-EOT
    provider "aws" {
      region              = "${local.region}"
      allowed_account_ids = ["${local.account_id}"]
      max_retries         = ${local.is_local ? 4 : 25}

      s3_use_path_style           = ${local.is_local}
      skip_credentials_validation = ${local.is_local}
      skip_metadata_api_check     = ${local.is_local}

      default_tags {
        tags = {
          Environment = "${local.environment.locals.name}"
          ManagedBy   = "platformctl"
          Platform    = "trading-analytics"
          Suffix      = "${local.suffix}"
        }
      }
    }
  EOT
}

# A module gets only those that it declares.
inputs = {
  account_id              = local.account_id
  create_delivery_channel = contains(local.owned, "config")
  create_recorder         = contains(local.owned, "config")
  manage_account_settings = contains(local.owned, lookup({ apigw = "api-logs", aurora = "database-monitoring" }, local.unit, ""))
  region                  = local.region
  suffix                  = local.suffix
}
