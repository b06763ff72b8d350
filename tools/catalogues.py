"""The catalogues of `bot.locale`: collects every sentence of the code into `ko.po` and `en.po`.

    python tools/catalogues.py update    add new sentences, drop those that are gone, keep translations
    python tools/catalogues.py check     say what is missing or wrong; exits with 1 when anything is

A sentence is the literal first argument of `msg`, `msg_n`, `mark`, `t` and `n`, in Python and in templates alike.
A sentence that comes in a variable cannot be collected, so it must be `mark`ed where it is written, and the place that
says it stands in `SAID_LATER`.
"""

from __future__ import annotations

import ast
import io
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter

from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import read_po, write_po
from jinja2 import Environment, nodes

ROOT = Path(__file__).resolve().parent.parent
SOURCES = ("bot", "storage")
CATALOGUES = ROOT / "bot" / "locale"
LANGUAGES = ("ko", "en")
FORMS = {"msg": 1, "mark": 1, "t": 1, "msg_n": 2, "n": 2}
"""How many arguments of each call are forms of its sentence."""
SAID_LATER = frozenset(
    {
        ("bot/cli.py", "command.help"),  # marked in the same file, and put into words before the help is shown
        ("bot/cli.py", "parameter.help"),
        ("bot/locale/__init__.py", "id"),  # the translator hands its own arguments on
        ("bot/locale/__init__.py", "singular"),
    }
)
HEADERS = {
    "ko": ("Language: ko", "Plural-Forms: nplurals=1; plural=0;"),
    "en": ("Language: en", "Plural-Forms: nplurals=2; plural=(n != 1);"),
}


@dataclass(frozen=True, slots=True)
class Call:
    """One place that says a sentence. `forms` is empty where it comes in a variable, whose name is then `spelling`.

    `values` are the names of the values it is given; None where it is said later, or they are not spelt out.
    """

    path: str
    line: int
    forms: tuple[str, ...]
    values: frozenset[str] | None
    spelling: str = ""

    @property
    def place(self) -> str:
        return f"{self.path}:{self.line}"


# --- collecting -----------------------------------------------------------------------------------------------------


def calls(root: Path = ROOT) -> list[Call]:
    """Every call that says a sentence, by file and line."""
    found: list[Call] = []
    for source in SOURCES:
        for path in (root / source).rglob("*"):
            name = path.relative_to(root).as_posix()
            if path.suffix == ".py":
                found += calls_in_python(path.read_text(encoding="utf-8"), name)
            elif path.suffix == ".html":
                found += calls_in_template(path.read_text(encoding="utf-8"), name)
    return sorted(found, key=lambda call: (call.path, call.line))


def calls_in_python(text: str, path: str) -> Iterator[Call]:
    """The calls of one Python file."""
    for node in ast.walk(ast.parse(text, path)):
        if not isinstance(node, ast.Call) or not node.args:
            continue
        name = node.func.attr if isinstance(node.func, ast.Attribute) else getattr(node.func, "id", "")
        if name not in FORMS:
            continue
        values = [keyword.arg for keyword in node.keywords]
        given = None if name == "mark" or None in values else frozenset(value for value in values if value)
        arguments = [argument.value if isinstance(argument, ast.Constant) else None for argument in node.args]
        yield _call(f"{path}:{node.lineno}", name, arguments, given, ast.unparse(node.args[0]))


def calls_in_template(text: str, path: str) -> Iterator[Call]:
    """The calls of one template, wherever they stand in an expression."""
    for node in Environment(autoescape=True).parse(text, filename=path).find_all(nodes.Call):
        name = getattr(node.node, "name", getattr(node.node, "attr", ""))
        if name not in FORMS or not node.args:
            continue
        given = None if node.dyn_kwargs else frozenset(keyword.key for keyword in node.kwargs)
        arguments = [argument.value if isinstance(argument, nodes.Const) else None for argument in node.args]
        yield _call(f"{path}:{node.lineno}", name, arguments, given, getattr(node.args[0], "name", "an expression"))


def _call(place: str, name: str, arguments: Sequence[object], values: frozenset[str] | None, spelling: str) -> Call:
    path, _, line = place.rpartition(":")
    forms = [argument for argument in arguments[: FORMS[name]] if isinstance(argument, str)]
    if len(forms) < FORMS[name]:
        return Call(path, int(line), (), None, spelling)
    if FORMS[name] == 2 and values is not None:
        values |= {"n"}
    return Call(path, int(line), tuple(forms), values)


def sentences(found: Iterable[Call], language: str = "en") -> Catalog:
    """What the calls say, in their order, without translations. A sentence names its files, not its lines."""
    catalogue = Catalog(locale=language, charset="utf-8", fuzzy=False)
    for call in found:
        if call.forms:
            catalogue.add(call.forms if len(call.forms) > 1 else call.forms[0], locations=[(call.path, 0)])
    for message in catalogue:
        message.locations = sorted(set(message.locations))
    return catalogue


# --- the catalogues on disk -----------------------------------------------------------------------------------------


def read(language: str, folder: Path = CATALOGUES) -> Catalog:
    """A catalogue as it stands."""
    return read_po(io.BytesIO((folder / f"{language}.po").read_bytes()), locale=language, abort_invalid=True)


def said(message: Message) -> tuple[str, ...]:
    """What stands in a catalogue for a sentence: one form or several."""
    return (message.string,) if isinstance(message.string, str) else tuple(message.string or ())


def ids(message: Message) -> tuple[str, ...]:
    """The English of a sentence: one form, or singular and plural."""
    return (message.id,) if isinstance(message.id, str) else tuple(message.id)


def update(found: Iterable[Call], folder: Path = CATALOGUES) -> None:
    """Write both catalogues anew with the sentences of the code, and the translations there were."""
    for language in LANGUAGES:
        fresh, before = sentences(found, language), read(language, folder)
        for message in list(fresh)[1:]:
            known = before.get(ids(message)[0])
            if language == "en":
                message.string = message.id
            elif known is not None and len(ids(known)) == len(ids(message)):
                message.string = known.string
            else:
                message.string = ("",) if message.pluralizable else ""
        (folder / f"{language}.po").write_bytes(_printed(fresh, language))


def _printed(catalogue: Catalog, language: str) -> bytes:
    text = io.BytesIO()
    write_po(text, catalogue, width=0, omit_header=True, include_lineno=False, ignore_obsolete=True)
    lines = ("Content-Type: text/plain; charset=utf-8", *HEADERS[language])
    header = "".join(f'"{line}\\n"\n' for line in lines)
    return f'msgid ""\nmsgstr ""\n{header}\n'.encode() + text.getvalue().strip() + b"\n"


# --- checking -------------------------------------------------------------------------------------------------------


def fields(text: str) -> frozenset[str]:
    """The names in a sentence's braces.

    Raises:
        ValueError: the braces are not closed, or there is more in them than a name.
    """
    names = set()
    for _, name, form, conversion in Formatter().parse(text):
        if name is None:
            continue
        if not name.isidentifier() or form or conversion:
            raise ValueError(f"{{{name}}} is not a plain name in braces")
        names.add(name)
    return frozenset(names)


def problems(found: Sequence[Call], folder: Path = CATALOGUES) -> list[str]:
    """What is missing, left over or wrong, one line each; nothing when code and catalogues agree."""
    wrong = [problem for call in found for problem in _wrong_call(call)]
    wrong += _two_plurals(found)
    wanted = {ids(message): message for message in list(sentences(found))[1:]}
    for language in LANGUAGES:
        catalogue = {ids(message): message for message in list(read(language, folder))[1:]}
        wrong += [f"{language}.po: missing: {form[0]}" for form in wanted if form not in catalogue]
        wrong += [f"{language}.po: not in the code any more: {form[0]}" for form in catalogue if form not in wanted]
        wrong += [f"{language}.po: {reason}" for message in catalogue.values() for reason in _wrong(message, language)]
    return wrong


def _wrong_call(call: Call) -> Iterator[str]:
    if not call.forms:
        if (call.path, call.spelling) not in SAID_LATER:
            yield f"{call.place}: {call.spelling} cannot be collected: write the sentence here, or mark it and say so"
        return
    try:
        first, named = fields(call.forms[0]), fields(call.forms[-1])
    except ValueError as error:
        yield f"{call.place}: {error}: {call.forms[0]}"
        return
    if first | {"n"} != named | {"n"} or not first <= named:
        yield f"{call.place}: singular and plural name different values: {call.forms[0]}"
    elif call.values is not None and (named - call.values or call.values - named - {"n"}):
        yield f"{call.place}: is given {_listed(call.values)} but names {_listed(named)}: {call.forms[0]}"


def _two_plurals(found: Iterable[Call]) -> Iterator[str]:
    """A sentence is looked up by its first form alone, so it cannot have a plural here and another, or none, there."""
    first: dict[str, Call] = {}
    for call in found:
        if call.forms:
            other = first.setdefault(call.forms[0], call)
            if other.forms != call.forms:
                yield f"{call.place}: has another plural than in {other.place}: {call.forms[0]}"


def _wrong(message: Message, language: str) -> Iterator[str]:
    forms = said(message)
    if message.fuzzy:
        yield f"fuzzy: {ids(message)[0]}"
    if not forms or not all(forms):
        yield f"not translated: {ids(message)[0]}"
    elif language == "en" and forms != ids(message):
        yield f"differs from the code: {ids(message)[0]}"
    elif language != "en":
        try:
            named = [fields(form) for form in forms]
        except ValueError as error:
            yield f"{error}: {forms[0]}"
            return
        wanted = fields(ids(message)[-1])
        yield from (f"names {_listed(names)}, not {_listed(wanted)}: {forms[0]}" for names in named if names != wanted)


def _listed(names: Iterable[str]) -> str:
    return ", ".join(sorted(names)) or "nothing"


# --- the command ----------------------------------------------------------------------------------------------------


def main(arguments: Sequence[str], folder: Path = CATALOGUES) -> int:
    """Do what the one argument says, with the catalogues in a folder; the exit code."""
    match arguments:
        case ["update"]:
            update(calls(), folder)
        case ["check"]:
            wrong = problems(calls(), folder)
            print("\n".join(wrong) or "The catalogues hold every sentence of the code.")
            return 1 if wrong else 0
        case _:
            print(__doc__)
            return 2
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
