"""``dynaclient help``: what does not belong to one command alone."""

from __future__ import annotations

import click

from dynaclient.cli.sections import Sectioned

TOPICS = {
    "exit-codes": """\
Exit codes

   0  done
   1  the result could not be written (disk full, output closed, bytes for a terminal), or a bug in dynaclient
      (DYNACLIENT_DEBUG=1 shows the traceback)
   2  wrong usage: an option, an argument, a value; nothing was sent (but for a --query that cannot be applied to what came back)
   3  the document cannot be read, or asks for something that is not supported
   4  a credential is missing; nothing was sent
   5  no complete reply: name, connection, certificate, proxy, protocol
   6  the time ran out
   7  a reply came, but not the one that the document promises
   8  the service refused: 4XX other than 429
   9  the service limits the rate, or a quota is used up: 429
  10  the service failed: 5XX
  11  bulk: some rows failed; spec: something risky was found or refused (warnings, new origins)
  12  spec: something breaking was found or refused (errors)
 130  interrupted (Ctrl-C)
 141  nobody reads the output any more (broken pipe)
 143  bulk was ended by SIGTERM
""",
    "values": """\
Values of arguments

  --name hello             a text
  --name a --name b        a list, where the schema allows an array
  --name '["a", "b"]'      JSON: a value that begins with [ or { where the schema allows an array or an object
  --name @notes.txt        the content of a file (UTF-8; one line end at the end is left out)
  --name -                 standard input, once
  --name @@home            the text @home
  --count 256              a number, true, false or null, where the schema allows it; never where it allows nothing but a string
  --name '"null"'          a string that would be taken for a number, true, false or null, where the schema allows both
  --flag                   true, where the schema is a boolean; --flag false
  --message.role user      a part of an object; --messages.0.role user: of a list's first item
  --file @cat.png          a file as it is, where the property is binary; read while it is sent
  --body @body.json        the whole body: JSON, a YAML file, or - for standard input; single options are laid over it;
                           a body of bytes: a file as it is
""",
    "environment": """\
Environment variables

  DYNACLIENT_SPEC, DYNACLIENT_SERVER, DYNACLIENT_TIMEOUT, DYNACLIENT_RETRIES, DYNACLIENT_VALIDATE, DYNACLIENT_OUTPUT ...
      every call option, for all commands; DYNACLIENT_HEADER takes one header a line
  DYNACLIENT_PROFILE, DYNACLIENT_CONFIG
      a profile, and the file that profiles stand in
  DYNACLIENT_CALL_GROUP_NAME_ARGUMENT
      an argument of one operation, in upper case and with underscores: DYNACLIENT_CALL_, the operation, the argument
  DYNACLIENT_SERVE_REQUIRE_BEARER
      an option of one command
  DYNACLIENT_DEBUG=1
      tracebacks
  NO_COLOR
      no colors
  Credentials stand in the variables that the document names: see `dynaclient describe OPERATION`.
""",
}


def _help(topic: str | None) -> None:
    from dynaclient.cli.output import write

    names = [topic] if topic else list(TOPICS)
    write("\n".join(TOPICS[name] for name in names).encode())


def help_command() -> click.Command:
    """The ``help`` command."""
    return Sectioned(
        "help",
        callback=_help,
        params=[click.Argument(["topic"], type=click.Choice(list(TOPICS)), required=False)],
        help=f"Tell more of one of: {', '.join(TOPICS)}.",
        short_help="Tell more: exit codes, values, environment.",
    )
