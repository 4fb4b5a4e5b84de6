#!/usr/bin/env python3
"""Checks that examples/python shows each character that the service's own log writes out, too."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
sys.path.insert(0, str(ROOT / 'examples' / 'python'))

from visible_text import visible  # noqa: E402

HIDDEN_BY_THE_SERVICE = f"""
    import {{ escapeHidden }} from {str(ROOT / 'src/models/visible-text.ts')!r}
    for (let code = 0; code <= 0x10ffff; code += 1) {{
      const character = String.fromCodePoint(code)
      // A letter that Unicode has twice is for the service's own pages and tools.
      if (character.normalize('NFC') !== character) continue
      if (escapeHidden(character) !== character) console.log(code)
    }}
"""
SEEN = ['ORD-1', 'two words', 'ü', 'e\u0301', '日本', 'طلب-٤٢', '😀', '"\\']


def main() -> None:
    node = ['node', '--input-type=module', '--eval', HIDDEN_BY_THE_SERVICE]
    printed = subprocess.run(node, stdout=subprocess.PIPE, check=True, text=True).stdout
    hidden = [chr(int(line)) for line in printed.split()]
    missed = [f'U+{ord(one):04X}' for one in hidden if visible(one) == one]
    changed = [text for text in SEEN if visible(text) != text]
    if missed or changed or not hidden:
        sys.exit(f'  FAILED  examples/python print {missed} as they are, and write out {changed}')
    print(f'  ok  examples/python: {len(hidden)} characters that nobody sees are written out')


if __name__ == '__main__':
    main()
