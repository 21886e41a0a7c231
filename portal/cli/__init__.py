"""The command line: `anjuan`.

What reports takes `--json` and leaves 0 for good, 1 for a finding or a refusal, 2 for wrong arguments or a file that
cannot be opened. What decides needs `--as NAME` and that person's token on standard input.
"""

from __future__ import annotations

import sys
from pathlib import Path

import click

from archive_store.errors import ArchiveError
from portal.cli.accounts import account
from portal.cli.archive import audit, doctor, import_, seal, verify
from portal.cli.context import GOOD, REFUSED
from portal.cli.indexing import index
from portal.cli.serving import demo, init, serve, worker
from portal.cli.verifying import verify_copy


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--data",
    type=click.Path(file_okay=False, path_type=Path),
    envvar="ANJUAN_DATA",
    default=Path("data"),
    show_default=True,
    help="数据文件夹",
)
@click.pass_context
def group(context: click.Context, data: Path) -> None:
    """案卷：封存执法案卷的保管与利用。"""
    context.obj = data


for command in (serve, worker, init, demo, import_, seal, verify, verify_copy, audit, doctor, index, account):
    group.add_command(command)


def main() -> None:
    """Run a command; a refusal of the archive is one sentence and code 1."""
    try:
        code = group.main(standalone_mode=False)
    except click.ClickException as error:
        error.show()
        code = error.exit_code
    except click.Abort:
        code = REFUSED
    except ArchiveError as error:
        click.echo(error.message, err=True)
        code = REFUSED
    sys.exit(code if isinstance(code, int) else GOOD)
