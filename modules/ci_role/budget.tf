# Tells people what the account costs before the bill does. It counts the whole account, because cost allocation tags have to be
# activated by hand first.

resource "aws_budgets_budget" "this" {
  count = var.budget == null ? 0 : 1

  name         = "budget-${var.suffix}"
  budget_type  = "COST"
  time_unit    = "MONTHLY"
  limit_amount = tostring(var.budget.monthly_usd)
  limit_unit   = "USD"

  notification {
    notification_type          = "ACTUAL"
    comparison_operator        = "GREATER_THAN"
    threshold                  = 80
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.budget.emails
  }

  notification {
    notification_type          = "FORECASTED"
    comparison_operator        = "GREATER_THAN"
    threshold                  = 100
    threshold_type             = "PERCENTAGE"
    subscriber_email_addresses = var.budget.emails
  }

  tags = merge(var.tags, { Name = "budget-${var.suffix}" })
}
