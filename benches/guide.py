"""Sends the requests of the guide's script, one after the other and each over a connection of its own.

The guide's script makes a new client for every request; so does this. It does not stop to log. Addresses and
credentials come from the same variables as those of `spaceport`; GUIDED_STACKS says after how many stacks
it is enough. Prints how many there were, and for how long they were sent, in seconds.
"""

import asyncio
import os
import time

import httpx

SPACELIFT = os.environ["SPACELIFT_API_KEY_ENDPOINT"] + "/graphql"
PORT = os.environ["PORT_BASE_URL"] + "/v1"
MOST = int(os.environ["GUIDED_STACKS"])

EXCHANGE = "mutation Exchange($id: ID!, $secret: String!) { apiKeyUser(id: $id, secret: $secret) { jwt } }"
STACKS = """{ stacks {
    id name space administrative state description repository repositoryURL provider labels branch namespace entityCount
} }"""


async def post(url, body, token=None):
    """The answer to one request."""
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    async with httpx.AsyncClient() as client:
        answer = await client.post(url, json=body, headers=headers)
    answer.raise_for_status()
    return answer.json()


def entity(stack):
    """What the guide makes of a stack: neither owner nor link, and nothing is left out."""
    fields = {
        "space": "space",
        "label": "labels",
        "description": "description",
        "repository": "repository",
        "state": "state",
        "git_provider": "provider",
        "branch": "branch",
    }
    return {
        "identifier": stack["id"],
        "title": stack["name"],
        "properties": {name: stack[field] for name, field in fields.items()},
        "relations": {},
    }


async def main():
    key = {"id": os.environ["SPACELIFT_API_KEY_ID"], "secret": os.environ["SPACELIFT_API_KEY_SECRET"]}
    session = await post(SPACELIFT, {"query": EXCHANGE, "variables": key})
    answer = await post(SPACELIFT, {"query": STACKS}, session["data"]["apiKeyUser"]["jwt"])
    stacks = answer["data"]["stacks"][:MOST]
    client = {"clientId": os.environ["PORT_CLIENT_ID"], "clientSecret": os.environ["PORT_CLIENT_SECRET"]}
    token = (await post(PORT + "/auth/access_token", client))["accessToken"]
    start = time.monotonic()
    for stack in stacks:
        await post(PORT + "/blueprints/space_lift_stack/entities?upsert=true", entity(stack), token)
    print(len(stacks), time.monotonic() - start)


asyncio.run(main())
