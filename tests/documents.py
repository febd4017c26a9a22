"""Small documents for the tests, and a bundled document's reply."""

import base64
import struct


def embeddings_reply(*vectors, model="m", **more):
    """A reply of the embeddings operation with these vectors, in order."""
    data = [{"object": "embedding", "index": index, "embedding": vector} for index, vector in enumerate(vectors)]
    usage = {"prompt_tokens": len(vectors), "total_tokens": len(vectors)}
    return {"object": "list", "model": model, "data": data, "usage": usage, **more}


def packed(*numbers):
    """Numbers as a base64 string of little-endian float32."""
    return base64.b64encode(struct.pack(f"<{len(numbers)}f", *numbers)).decode()


def document(paths, **more):
    """An OpenAPI 3.1 document with these paths."""
    return {
        "openapi": "3.1.0",
        "info": {"title": "Test", "version": "1"},
        "servers": [{"url": "https://api.test"}],
        "paths": paths,
        **more,
    }


def operation(schema=None, reply=None, **more):
    """An Operation Object with a JSON body of this schema and a JSON reply of that."""
    found = {"responses": {"200": {"description": "Good."}}, **more}
    if schema is not None:
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if reply is not None:
        found["responses"]["200"]["content"] = {"application/json": {"schema": reply}}
    return found
