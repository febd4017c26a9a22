"""Write a document of 1,000 operations and about 3 MB: ``python benchmarks/bigdoc.py PATH``. It always writes the same bytes."""

import sys
from pathlib import Path

OPERATIONS = 1000
WORDS = [
    "vector",
    "index",
    "batch",
    "query",
    "filter",
    "score",
    "token",
    "model",
    "label",
    "shard",
    "replica",
    "window",
    "bucket",
    "cursor",
    "region",
]

HEAD = """openapi: 3.1.0
info: {title: Large, version: 1.0.0, description: A thousand operations.}
servers: [{url: "http://127.0.0.1"}]
security: [{bearerAuth: []}]
"""


def words(seed: int, count: int) -> str:
    """So many words, the same each time."""
    return " ".join(WORDS[(seed * 7 + number * number + number) % len(WORDS)] for number in range(count))


def operation(number: int) -> str:
    """One path with one operation."""
    return f"""  /v1/things{number}/{{id}}:
    post:
      operationId: things{number % 50}_do{number}
      tags: [Things{number % 50}]
      summary: {words(number, 6).capitalize()}.
      description: |
        {words(number, 60)}.
        {words(number + 1, 60)}.
      parameters:
        - {{name: id, in: path, required: true, schema: {{type: string}}, description: {words(number, 8)}}}
        - name: limit
          in: query
          description: {words(number + 2, 12)}
          schema: {{type: integer, minimum: 1, maximum: 100, default: 20}}
        - $ref: "#/components/parameters/Trace"
      requestBody:
        required: true
        content:
          application/json:
            schema: {{$ref: "#/components/schemas/Thing{number}"}}
            examples:
              one: {{summary: One., value: {{name: {words(number, 2)}, size: {number}, tags: [a, b]}}}}
      responses:
        "200":
          description: {words(number, 10)}
          content:
            application/json:
              schema: {{$ref: "#/components/schemas/Thing{number}"}}
        4XX: {{$ref: "#/components/responses/Error"}}
"""


def schema(number: int) -> str:
    """The schema of one operation's body."""
    properties = "".join(
        f'        {WORDS[field]}{field}:\n          type: [string, "null"]\n          description: {words(number + field, 10)}\n          maxLength: {100 + field}\n'
        for field in range(6)
    )
    return f"""    Thing{number}:
      type: object
      required: [name]
      description: {words(number, 30)}
      properties:
        name: {{type: string, minLength: 1}}
        size: {{type: integer, minimum: 0}}
        tags: {{type: array, items: {{type: string}}}}
        next: {{$ref: "#/components/schemas/Thing{number - number % 10 + (number + 1) % 10}"}}
{properties}"""


def document() -> str:
    """The whole document, YAML."""
    tail = """components:
  securitySchemes: {bearerAuth: {type: http, scheme: bearer}}
  parameters: {Trace: {name: trace, in: header, schema: {type: string}}}
  responses: {Error: {description: It failed., content: {application/json: {schema: {type: object}}}}}
  schemas:
"""
    numbers = range(OPERATIONS)
    return HEAD + "paths:\n" + "".join(map(operation, numbers)) + tail + "".join(map(schema, numbers))


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(document(), "utf-8")
