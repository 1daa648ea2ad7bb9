"""Stands in for the provider's client: answers with a usage of 2,000 and 1,000 tokens."""

from types import SimpleNamespace as _Object


class Anthropic:
    def __init__(self, api_key):
        answer = _Object(usage=_Object(input_tokens=2000, output_tokens=1000), content=[_Object(text="Paris.")])
        self.messages = _Object(create=lambda **_: answer)
