# Security events of the whole account, from CloudTrail: the set that PCI DSS 10.2 and the CIS benchmark ask to watch. Filters that
# mean the same to whoever gets the mail share a metric and so an alarm; which event it was, a saved query tells.

locals {
  # A change is a call by name; where another service has a call of the same name, its source tells them apart.
  trail_changes = {
    audit-config = {
      metric = "AuditChanges"
      source = "config.amazonaws.com"
      calls  = ["DeleteDeliveryChannel", "PutConfigurationRecorder", "PutDeliveryChannel", "StopConfigurationRecorder"]
    }
    audit-trail = {
      metric = "AuditChanges"
      source = "cloudtrail.amazonaws.com"
      calls  = ["CreateTrail", "DeleteTrail", "PutEventSelectors", "StartLogging", "StopLogging", "UpdateTrail"]
    }
    access-bucket-policies = {
      metric = "AccessChanges"
      source = "s3.amazonaws.com"
      calls = [
        "DeleteBucketCors", "DeleteBucketLifecycle", "DeleteBucketPolicy", "DeleteBucketReplication", "PutBucketAcl",
        "PutBucketCors", "PutBucketLifecycle", "PutBucketPolicy", "PutBucketReplication",
      ]
    }
    access-iam-policies = {
      metric = "AccessChanges"
      source = "iam.amazonaws.com"
      calls = [
        "AttachGroupPolicy", "AttachRolePolicy", "AttachUserPolicy", "CreatePolicy", "CreatePolicyVersion", "DeleteGroupPolicy",
        "DeletePolicy", "DeletePolicyVersion", "DeleteRolePolicy", "DeleteUserPolicy", "DetachGroupPolicy", "DetachRolePolicy",
        "DetachUserPolicy", "PutGroupPolicy", "PutRolePolicy", "PutUserPolicy",
      ]
    }
    keys = {
      metric = "KeysLost"
      source = "kms.amazonaws.com"
      calls  = ["DisableKey", "ScheduleKeyDeletion"]
    }
    network-acls = {
      metric = "NetworkChanges"
      source = "ec2.amazonaws.com"
      calls = [
        "CreateNetworkAcl", "CreateNetworkAclEntry", "DeleteNetworkAcl", "DeleteNetworkAclEntry", "ReplaceNetworkAclAssociation",
        "ReplaceNetworkAclEntry",
      ]
    }
    network-gateways = {
      metric = "NetworkChanges"
      source = "ec2.amazonaws.com"
      calls = [
        "AttachInternetGateway", "CreateCustomerGateway", "CreateInternetGateway", "CreateNatGateway", "DeleteCustomerGateway",
        "DeleteInternetGateway", "DeleteNatGateway", "DetachInternetGateway",
      ]
    }
    network-route-tables = {
      metric = "NetworkChanges"
      source = "ec2.amazonaws.com"
      calls = [
        "CreateRoute", "CreateRouteTable", "DeleteRoute", "DeleteRouteTable", "DisassociateRouteTable", "ReplaceRoute",
        "ReplaceRouteTableAssociation",
      ]
    }
    network-security-groups = {
      metric = "NetworkChanges"
      source = "ec2.amazonaws.com"
      calls = [
        "AuthorizeSecurityGroupEgress", "AuthorizeSecurityGroupIngress", "CreateSecurityGroup", "DeleteSecurityGroup",
        "ModifySecurityGroupRules", "RevokeSecurityGroupEgress", "RevokeSecurityGroupIngress",
      ]
    }
    network-vpcs = {
      metric = "NetworkChanges"
      source = "ec2.amazonaws.com"
      calls = [
        "AcceptVpcPeeringConnection", "CreateVpc", "CreateVpcPeeringConnection", "DeleteVpc", "DeleteVpcPeeringConnection",
        "ModifyVpcAttribute", "RejectVpcPeeringConnection",
      ]
    }
  }

  trail_events = merge(
    {
      for name, change in local.trail_changes : name => {
        metric  = change.metric
        pattern = "{ ($.eventSource = \"${change.source}\") && (${join(" || ", [for call in change.calls : "($.eventName = \"${call}\")"])}) }"
      }
    },
    {
      refused-calls = {
        metric  = "RefusedAttempts"
        pattern = "{ ($.errorCode = \"*UnauthorizedOperation\") || ($.errorCode = \"AccessDenied*\") }"
      }
      refused-sign-ins = {
        metric  = "RefusedAttempts"
        pattern = "{ ($.eventName = \"ConsoleLogin\") && ($.errorMessage = \"Failed authentication\") }"
      }
      root-use = {
        metric  = "RootUse"
        pattern = "{ ($.userIdentity.type = \"Root\") && ($.userIdentity.invokedBy NOT EXISTS) && ($.eventType != \"AwsServiceEvent\") }"
      }
      # People who sign in through an identity provider have their second factor there, and would always match.
      sign-in-without-mfa = {
        metric  = "SignInsWithoutMfa"
        pattern = "{ ($.eventName = \"ConsoleLogin\") && ($.additionalEventData.MFAUsed != \"Yes\") && ($.userIdentity.type = \"IAMUser\") && ($.responseElements.ConsoleLogin = \"Success\") }"
      }
    },
  )

  trail_filters = {
    for name, event in local.trail_events : "trail-${name}" => merge(event, { log_group_name = var.trail_log_group_name })
    if var.trail_log_group_name != null
  }

  # No mail when they end: that nothing followed does not undo what happened.
  trail_alarms = {
    for name, alarm in {
      access-changed      = { metric = "AccessChanges", threshold = 1, description = "Somebody changed IAM policies or a bucket's access. Expected during a deployment; otherwise find who with the saved query query-trail-changes-${var.suffix}." }
      audit-changed       = { metric = "AuditChanges", threshold = 1, description = "Somebody changed what is recorded about this account: CloudTrail or AWS Config. Expected during a deployment; otherwise treat it as an attack." }
      key-lost            = { metric = "KeysLost", threshold = 1, description = "A KMS key was disabled or is to be deleted. Unless a deployment was destroyed, cancel it at once: what the key encrypts is lost with it." }
      network-changed     = { metric = "NetworkChanges", threshold = 1, description = "Somebody changed a security group, network ACL, gateway, route table or VPC. Expected during a deployment; otherwise find who with the saved query query-trail-changes-${var.suffix}." }
      refused-attempts    = { metric = "RefusedAttempts", threshold = var.thresholds.trail_refused_calls, description = "Calls to AWS or console sign-ins were refused. The saved query query-trail-refused-${var.suffix} lists who tried what, and from where." }
      root-used           = { metric = "RootUse", threshold = 1, description = "The account's root user was used. It has no daily purpose: ask its owner." }
      sign-in-without-mfa = { metric = "SignInsWithoutMfa", threshold = 1, description = "An IAM user signed in to the console without a second factor." }
      } : "trail-${name}" => {
      description = alarm.description
      metric      = { namespace = local.metric_namespace, name = alarm.metric, statistic = "Sum", dimensions = {} }
      threshold   = alarm.threshold
      recovers    = false

      # The metric has data only where something happened.
      missing = "notBreaching"
    } if var.trail_log_group_name != null
  }
}
