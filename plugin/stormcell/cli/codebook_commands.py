"""stormcell codebook: all of its commands, from the modules that hold them."""

from __future__ import annotations

from stormcell.cli import (
    codebook_assigning,
    codebook_canary,
    codebook_drift,
    codebook_job,
    codebook_sites,
    codebook_training,
    options,
)
from stormcell.cli.codebook_changing import app as app

app.add_typer(codebook_canary.app, name="canary")
app.command(
    "retrain",
    epilog=options.examples("stormcell codebook retrain --store /var/lib/stormcell --why 'new services'"),
)(codebook_canary.retrain)
app.command(
    "drift",
    epilog=options.examples(
        "stormcell codebook drift --store /var/lib/stormcell",
        "stormcell codebook drift today/ --codebook cb.json",
        "stormcell codebook drift --store out --json | jq -r '.active[].field'",
    ),
)(codebook_drift.drift)
app.command(
    "job",
    epilog=options.examples(
        "stormcell codebook job --url http://localhost:14318",
        "stormcell codebook job --url https://stormcell:14318 --ca ca.pem --token-file /run/secrets/trainer",
        "stormcell codebook job --url http://stormcell:14318 --configmap stormcell-codebook --promote-first",
    ),
)(codebook_job.job)
app.command(
    "train",
    epilog=options.examples(
        "stormcell codebook train last-week/ --out out",
        "stormcell codebook train last-week/ --out out --resume",
        "stormcell codebook train last-week/ --out out --promote --json | jq -r .version",
    ),
)(codebook_training.train)
app.command(
    "assign",
    epilog=options.examples(
        "stormcell codebook assign today/ --store out",
        "stormcell codebook assign today/ --codebook cb.json --json | jq -r 'select(.codeword == null).uid'",
    ),
)(codebook_assigning.assign)
app.command("explain", epilog=options.examples("stormcell codebook explain 6640e9e0dd1c3f1d today/ --store out"))(
    codebook_assigning.explain
)
app.command(
    "send",
    epilog=options.examples(
        "stormcell codebook send last-week/ --site berlin --out berlin.json",
        "stormcell codebook send last-week/ --site berlin --out - | ssh hub 'cat > berlin.json'",
    ),
)(codebook_sites.send)
app.command(
    "merge",
    epilog=options.examples(
        "stormcell codebook merge berlin.json oslo.json --out out",
        "stormcell codebook merge sites/*.json --out out --json | jq -r .version",
    ),
)(codebook_sites.merge)
app.command(
    "push",
    epilog=options.examples(
        "stormcell codebook push --store out --registry mlflow --target http://mlflow.example.com:5000",
        "stormcell codebook push cb-0d5e --store out --registry folder --target /srv/codebooks",
    ),
)(codebook_sites.push)
app.command(
    "pull",
    epilog=options.examples(
        "stormcell codebook pull --registry mlflow --target http://mlflow.example.com:5000 --out out",
        "stormcell codebook pull cb-0123456789ab --registry folder --target /srv/codebooks --out out",
    ),
)(codebook_sites.pull)
