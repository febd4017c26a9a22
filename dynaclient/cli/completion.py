"""``dynaclient completion``: the script that teaches a shell the commands, operations and options."""

from __future__ import annotations

import click

from dynaclient.cli.sections import Sectioned

SHELLS = ("bash", "zsh", "fish")
VARIABLE = "_DYNACLIENT_COMPLETE"
HOW = """\
\b
  bash   eval "$(dynaclient completion bash)"     in ~/.bashrc
  zsh    eval "$(dynaclient completion zsh)"      in ~/.zshrc
  fish   dynaclient completion fish | source     in ~/.config/fish/config.fish
"""


@click.pass_context
def _completion(ctx: click.Context, shell: str) -> None:
    from click.shell_completion import ShellComplete, get_completion_class

    from dynaclient.cli.output import write

    kind = get_completion_class(shell)
    assert kind is not None
    # The base class's source(): bash's own starts a bash to learn its version, which need not be on this machine.
    script = ShellComplete.source(kind(ctx.find_root().command, {}, "dynaclient", VARIABLE))
    write(script.strip().encode() + b"\n")


def completion_command() -> click.Command:
    """The ``completion`` command."""
    return Sectioned(
        "completion",
        callback=_completion,
        params=[click.Argument(["shell"], type=click.Choice(SHELLS))],
        help=f"Print the script that completes commands, operations, options and their values.\n\n{HOW}",
        short_help="Print the completion script of a shell.",
    )
