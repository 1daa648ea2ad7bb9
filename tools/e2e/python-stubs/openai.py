"""Stands in for the provider's client: answers with the usage that the guide's first example has."""

from types import SimpleNamespace as _Object


class OpenAI:
    def __init__(self, api_key):
        message = _Object(content="Paris.")
        answer = _Object(usage=_Object(prompt_tokens=1500, completion_tokens=500), choices=[_Object(message=message)])
        self.chat = _Object(completions=_Object(create=lambda **_: answer))
