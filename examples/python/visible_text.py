"""Ids and errors are the words of whoever writes to the topic.

What a terminal obeys, what shows nothing and what turns the text around is printed as JSON writes it,
such as `\\u202e`: no id looks like another one, and none begins a new line.
"""

import json
import re

# Letters, marks and symbols that show nothing: to Python they are printable. All others are not.
UNSEEN = re.compile(
    '[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2800\u3164\ufe00-\ufe0f\uffa0\U000e0100-\U000e01ef]'
)


def visible(text: str) -> str:
    return ''.join(map(_visible_character, text))


def _visible_character(character: str) -> str:
    if character.isprintable() and not UNSEEN.match(character):
        return character
    return json.dumps(character)[1:-1]
