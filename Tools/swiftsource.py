"""Reads Swift source text well enough for the checks in this folder: without comments and strings, as declarations.

It knows the form that `swift format` gives a file; it is no compiler.
"""

import re
from dataclasses import dataclass

TYPE_WORDS = {"struct", "class", "enum", "actor", "protocol", "extension"}
MEMBER_WORDS = {"func", "var", "let", "case", "init", "subscript", "typealias", "associatedtype", "macro"}
TOKEN = re.compile(r"[A-Za-z_]\w*|`[^`]+`|\d[\w.]*|\n|->|[^\s\w]")


def blanked(text):
    """The text with comments and the insides of strings as spaces: every character keeps its place."""
    out = list(text)
    at, size = 0, len(text)

    def blank(start, end):
        for index in range(start, end):
            if out[index] != "\n":
                out[index] = " "

    def string_end(start):
        """Behind the string that begins at `start` (a quote, or the first # before it)."""
        hashes = 0
        while text[start + hashes] == "#":
            hashes += 1
        quote = '"""' if text.startswith('"""', start + hashes) else '"'
        at = start + hashes + len(quote)
        closing, escape = quote + "#" * hashes, "\\" + "#" * hashes
        while at < size:
            if text.startswith(closing, at):
                return at + len(closing)
            if text.startswith(escape + "(", at):
                depth, at = 1, at + len(escape) + 1
                while at < size and depth:
                    if text[at] == '"':
                        at = string_end(at)
                        continue
                    depth += {"(": 1, ")": -1}.get(text[at], 0)
                    at += 1
            elif text.startswith(escape, at):
                at += len(escape) + 1
            else:
                at += 1
        return size

    while at < size:
        if text.startswith("//", at):
            end = text.find("\n", at)
            end = size if end < 0 else end
            blank(at, end)
            at = end
        elif text.startswith("/*", at):
            depth, end = 1, at + 2
            while end < size and depth:
                if text.startswith("/*", end):
                    depth, end = depth + 1, end + 2
                elif text.startswith("*/", end):
                    depth, end = depth - 1, end + 2
                else:
                    end += 1
            blank(at, end)
            at = end
        elif text[at] == '"' or (text[at] == "#" and re.match(r'#+"', text[at:at + 8])):
            end = string_end(at)
            # The quotes stay, so that a value is still seen where a string is one.
            blank(at + 1, end - 1)
            at = end
        else:
            at += 1
    return "".join(out)


@dataclass
class Declaration:
    """A type's declaration or an extension of it. `lines` counts what it nests, `stored` does not."""
    kind: str
    name: str
    first: int
    lines: int = 0
    stored: int = 0


@dataclass
class Member:
    """Something that is declared: a function, a property, a case, a type."""
    kind: str
    name: str
    line: int
    owner: str


class Source:
    """The declarations of one file."""

    def __init__(self, text):
        self.types = []
        self.members = []
        self._tokens = []
        line = 1
        for match in TOKEN.finditer(blanked(text)):
            self._tokens.append((match.group(0), line))
            line += match.group(0) == "\n"
        self._read()

    def _read(self):
        tokens, stack, at = self._tokens, [], 0
        # Of the stack: a Declaration for the braces of a type, None for others.
        pending = None
        depth = 0  # of parentheses and brackets
        while at < len(tokens):
            word, line = tokens[at]
            before = self._word_before(at)
            if word == "{":
                stack.append((pending, line))
                if pending:
                    self.types.append(pending)
                pending = None
            elif word == "}" and stack:
                declaration, _ = stack.pop()
                if declaration:
                    declaration.lines = line - declaration.first + 1
            elif word in "([":
                depth += 1
            elif word in ")]":
                depth -= 1
            elif word in TYPE_WORDS and before != "." and depth == 0 and self._is_name(at + 1):
                name, at = self._qualified(at + 1)
                owner = next((d for d, _ in reversed(stack) if d), None)
                if owner and word != "extension":
                    name = owner.name + "." + name
                if word != "extension":
                    self.members.append(Member(word, name.split(".")[-1], line, owner.name if owner else ""))
                pending = Declaration(word, name, line)
                continue
            elif word in MEMBER_WORDS and before != "." and pending is None:
                owner = stack[-1][0] if stack else None
                self._member(at, word, line, owner, bool(stack) and owner is None)
            at += 1

    def _word_before(self, at):
        at -= 1
        while at >= 0 and self._tokens[at][0] == "\n":
            at -= 1
        return self._tokens[at][0] if at >= 0 else ""

    def _is_name(self, at):
        return at < len(self._tokens) and re.match(r"[A-Za-z_`]", self._tokens[at][0]) and self._tokens[at][0] not in (
            TYPE_WORDS | MEMBER_WORDS)

    def _qualified(self, at):
        name = self._tokens[at][0]
        at += 1
        while at + 1 < len(self._tokens) and self._tokens[at][0] == "." and self._is_name(at + 1):
            name += "." + self._tokens[at + 1][0]
            at += 2
        return name, at

    def _modifiers(self, at):
        """Words before a declaration on its line and on the lines of attributes above."""
        words = []
        at -= 1
        while at >= 0 and self._tokens[at][0] not in "\n{};":
            words.append(self._tokens[at][0])
            at -= 1
        return words

    def _member(self, at, word, line, owner, is_local):
        if word in ("var", "let"):
            names, is_stored = self._bindings(at + 1)
            modifiers = self._modifiers(at)
            if any(word in modifiers for word in ("if", "guard", "while", "case", "for", "switch", ",")):
                return
            for name in names:
                if not is_local:
                    self.members.append(Member(word, name, line, owner.name if owner else ""))
            if owner and owner.kind in ("struct", "class", "actor") and is_stored and "static" not in modifiers:
                owner.stored += len(names)
        elif word in ("func", "typealias", "associatedtype") and at + 1 < len(self._tokens) and not is_local:
            self.members.append(Member(word, self._tokens[at + 1][0].strip("`"), line, owner.name if owner else ""))
        elif word == "case" and owner and owner.kind == "enum":
            at += 1
            depth = 0
            expects = True
            while at < len(self._tokens):
                token = self._tokens[at][0]
                if token in "([":
                    depth += 1
                elif token in ")]":
                    depth -= 1
                elif token == "\n" and depth == 0 and self._word_before(at) != ",":
                    break
                elif token in "{};":
                    break
                elif depth == 0 and token == ",":
                    expects = True
                elif depth == 0 and expects and re.match(r"[A-Za-z_`]", token):
                    self.members.append(Member("case", token.strip("`"), line, owner.name))
                    expects = False
                at += 1

    def _bindings(self, at):
        """Names that a `var` or `let` declares, and whether they are stored."""
        tokens, names, depth, angle = self._tokens, [], 0, 0
        expects, in_type, has_value, is_stored = True, False, False, True
        while at < len(tokens):
            word = tokens[at][0]
            if expects and re.match(r"[A-Za-z_`]", word):
                names.append(word.strip("`"))
                if depth == 0:
                    expects = False
            elif word in "([":
                depth += 1
            elif word in ")]":
                depth -= 1
                if depth < 0:
                    break
                if depth == 0:
                    expects = False
            elif word == "{":
                if not has_value and depth == 0:
                    after = at + 1
                    while after < len(tokens) and tokens[after][0] == "\n":
                        after += 1
                    is_stored = tokens[after][0] in ("willSet", "didSet")
                    break
                depth += 1
            elif word == "}":
                depth -= 1
                if depth < 0:
                    break
            elif depth == 0:
                if word == "=":
                    has_value, in_type = True, False
                elif word == ":" and not has_value:
                    in_type = True
                elif word == "<" and in_type:
                    angle += 1
                elif word == ">" and in_type:
                    angle -= 1
                elif word == "," and angle == 0:
                    expects, has_value, in_type = True, False, False
                elif word == ";":
                    break
                elif word == "\n":
                    after = at + 1
                    while after < len(tokens) and tokens[after][0] == "\n":
                        after += 1
                    ahead = tokens[after][0] if after < len(tokens) else ""
                    if self._word_before(at) not in {"=", ",", ":", "+", "-", "*", "/", "?", "|", "&"} and (
                            ahead not in {"=", ".", "?", ":", "+", "-", "*", "/", "|", "&", "{"}):
                        break
            at += 1
        return names, is_stored


def declarations(text):
    """The types that a file declares, and its extensions of types."""
    return Source(text).types


def members(text):
    """All that a file declares outside of functions."""
    return Source(text).members
