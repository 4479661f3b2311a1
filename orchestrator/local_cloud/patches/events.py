"""EventBridge: rules that call their targets, and schedules that fire."""

import copy
from typing import Any

from moto.events.exceptions import ValidationException
from moto.events.models import EventsBackend, Rule

from orchestrator.local_cloud.events.cron import ScheduleError
from orchestrator.local_cloud.events.schedule import parse_schedule
from orchestrator.local_cloud.events.scheduler import Scheduler
from orchestrator.local_cloud.events.targets import as_seen, deliver, fire, scheduled_rules
from orchestrator.local_cloud.patches.awslambda_invoke import submitter
from orchestrator.local_cloud.patches.registry import Functions, Original, around, runtime_patch


@runtime_patch(
    service="events",
    subject="aws_cloudwatch_event_target (delivery)",
    symptom="PutEvents fails for a rule whose target is a function or a topic; Input and InputPath have no effect; disabled rules and schedules get every event",
    restores="functions, queues, topics and log groups whose policy permits EventBridge get the target's input; dead-letter queues get the rest",
    upstream="pull/5169",
)
def event_targets(functions: Functions) -> None:
    submit = submitter(functions)

    @around(Rule, "send_to_targets")
    def send_to_targets(original: Original, self: Any, original_event: Any, *args: Any, **kwargs: Any) -> None:
        # A rule without a pattern has a schedule.
        if self.state == "DISABLED" or not self.event_pattern.get_pattern():
            return
        event = as_seen(original_event)
        if not self.event_pattern.matches_event(event):
            return
        for target in list(self.targets):
            if ":events:" in target["Arn"]:
                # Other buses, archives and API destinations are moto's.
                alone = copy.copy(self)
                alone.targets = [target]
                original(alone, original_event, *args, **kwargs)
            else:
                deliver(self, target, event, submit)


@runtime_patch(
    service="events",
    subject="aws_cloudwatch_event_rule.schedule_expression",
    symptom="a schedule never fires, and cron(anything) is accepted",
    restores="rate() and cron() fire to the second and to the minute; the first time counts from when the rule was made or enabled",
    upstream=None,
)
def schedules(functions: Functions) -> None:
    submit = submitter(functions)
    scheduler = Scheduler(scheduled_rules, lambda rule_arn, time: fire(rule_arn, time, submit))

    @around(EventsBackend, "put_rule")
    def put_rule(original: Original, self: Any, *args: Any, **kwargs: Any) -> Any:
        try:
            if kwargs.get("scheduled_expression"):
                parse_schedule(kwargs["scheduled_expression"])
        except ScheduleError as error:
            raise ValidationException("Parameter ScheduleExpression is not valid.") from error
        rule = original(self, *args, **kwargs)
        if rule.scheduled_expression:
            # Its thread ends with the process; without a schedule there is none.
            scheduler.start()
        return rule
