"""``platformctl smoke``: market data in, bars out."""

from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from orchestrator.adapters.aws.smoke import Platform
from orchestrator.adapters.aws.smoke import smoke as run_smoke
from orchestrator.adapters.local_cloud import local_url
from orchestrator.cli import console
from orchestrator.cli.deployment import open_deployment, request
from orchestrator.cli.options import EnvironmentOption, SuffixOption, Target, TargetOption
from orchestrator.cli.result import read_outputs
from orchestrator.errors import ExitCode, UsageError

_DENIED = "denied: "


def smoke(
    suffix: SuffixOption,
    environment: EnvironmentOption = None,
    target: TargetOption = Target.LOCAL,
    patience: Annotated[
        int, typer.Option("--patience", metavar="SECONDS", min=1, help="How long to wait for the bars.")
    ] = 180,
) -> None:
    """Send a small day of market data through a deployed platform, and compare what its API answers.

    Uploads trades of a symbol that nobody else uses, and one bad row. Exit code 1 when a check fails.
    """
    asked = request(suffix=suffix, target=target, environment=environment)
    deployment = open_deployment(asked, start=False)
    outputs = read_outputs(deployment, reveal=True) if deployment is not None else {}
    if deployment is None or not {"apigw", "s3"} <= set(outputs):
        raise UsageError(
            "No such deployment",
            detail=f'There is no "{suffix}" on {target.description}, or it is not complete.',
            hint=f"Deploy it: platformctl up --suffix {suffix}",
        )
    api_url = outputs["apigw"]["api_url"]
    endpoint = deployment.session.endpoint
    keys = outputs["apigw"]["api_keys"]
    platform = Platform(
        client=deployment.session.client,
        raw_bucket=outputs["s3"]["bucket_names"]["raw-data"],
        api_url=local_url(endpoint, api_url) if endpoint else api_url,
        api_key=keys[min(keys)],
    )
    log = deployment.cloud.status().log if deployment.cloud is not None else None
    before = log.stat().st_size if log is not None else 0
    failed = False
    for check in run_smoke(platform, patience=patience):
        failed = failed or bool(check.problem)
        mark = ("failed  ", "bold red") if check.problem else ("ok      ", "green")
        console.out.print(
            Text.assemble(mark, check.what, f": {check.problem}" if check.problem else ""), soft_wrap=True
        )
    if failed:
        _print_denials(log, since=before)
        raise typer.Exit(ExitCode.FAILED)


def _print_denials(log: Path | None, *, since: int) -> None:
    """Say what IAM refused meanwhile: more often than not that is why. AWS tells it in CloudTrail only."""
    if log is None:
        return
    with log.open("rb") as file:
        file.seek(since)
        lines = file.read().decode("utf-8", "replace").splitlines()
    denials = dict.fromkeys(line[line.index(_DENIED) :] for line in lines if _DENIED in line)
    for denial in denials:
        console.out.print(Text(denial), soft_wrap=True)
