"""Renders random conversations with real Jinja, as transformers' apply_chat_template sets it up, for ChatTemplateCaseTests.

    python3 tests/Interop/chat_cases.py TEMPLATES CASES [COUNT]
    LONGCONTEXT_CHAT_CASES=CASES dotnet run -c Release --project tests/LongContext.Core.Tests -- --filter-class "*ChatTemplateCaseTests"

TEMPLATES is a folder of *.jinja files (models' templates, which are not ours to keep here), CASES the folder to write to; COUNT
conversations a template, 600 if not given. Needs Python 3 and jinja2 (Debian: python3-jinja2) alone.
"""
import datetime
import json
import pathlib
import random
import sys

from jinja2 import nodes
from jinja2.exceptions import TemplateError
from jinja2.ext import Extension
from jinja2.sandbox import ImmutableSandboxedEnvironment

TODAY = datetime.date(2025, 3, 7)
GIVEN = datetime.date(2031, 2, 2)
CONTENTS = [
    "", " ", "  ", "\n", "Hello", "Hi there", " spaced \n", "\n\nx\n", "é 😀 日本語", "a\u0301", "\u00a0hey\u3000", "\x1c x \x85",
    "\u200bz\u200b", "line\nline\ttab", "ok\r\nok", ".", " . ", "{% if %}{{ x }}", "'quotes\" \\n", "<<SYS>>", "[INST] x [/INST]",
    "<think>\nabc\n</think>\n\nans", "a</think>b", "<think>x</think>", "<think>", "\n<think>\n\nq\n\n</think>\n\n\nr\n", "</think>",
    "x</think>y</think>z", "<think>a</think>b<think>c</think>d", "<tool_response>x</tool_response>", "<tool_response>y",
    "/no_think hi", "be brief /think", "/system_override be\n/no_think",
]


class Refusal(Exception):
    """A template's own raise_exception; what else goes wrong in a template is no rule of its format."""


class Generation(Extension):
    """The marks for training are no more than their content here."""

    tags = {"generation"}

    def parse(self, parser):
        line = next(parser.stream).lineno
        body = parser.parse_statements(["name:endgeneration"], drop_needle=True)
        return nodes.Scope(body, lineno=line)


def environment():
    def refuse(message):
        raise Refusal(message)

    env = ImmutableSandboxedEnvironment(trim_blocks=True, lstrip_blocks=True, extensions=[Generation, "jinja2.ext.loopcontrols"])
    env.filters["tojson"] = lambda value, indent=None: json.dumps(value, ensure_ascii=False, indent=indent)
    env.globals["raise_exception"] = refuse
    env.globals["strftime_now"] = TODAY.strftime
    return env


def conversation(rng, tidy):
    turns = [{"role": "system", "content": rng.choice(CONTENTS)}] if rng.random() < 0.45 else []
    for i in range(rng.randint(0 if turns else 1, 6)):
        role = ("user", "assistant")[i % 2]
        if not tidy and rng.random() < 0.25:
            role = rng.choice(["system", "user", "assistant"])
        turn = {"role": role, "content": rng.choice(CONTENTS)}
        if role == "assistant" and rng.random() < 0.15:
            turn["reasoning_content"] = rng.choice(CONTENTS)
        turns.append(turn)
    return turns


def case(template, source, rng, tidy):
    turns = conversation(rng, tidy)
    prompt, thinks = rng.random() < 0.5, rng.choice([None, None, True, False])
    result = {"messages": turns, "add_generation_prompt": prompt}
    names = {"messages": turns, "add_generation_prompt": prompt, "bos_token": "<BOS>", "eos_token": "<EOS>"}
    if thinks is not None:
        result["enable_thinking"] = names["enable_thinking"] = names["thinking"] = thinks
    if "date_string" in source and rng.random() < 0.3:
        result["date"], names["date_string"] = GIVEN.isoformat(), GIVEN.strftime("%d %b %Y")
    try:
        return result | {"text": template.render(**names)}
    except Refusal as refusal:
        return result | {"error": str(refusal)}
    except (TemplateError, TypeError):
        return None


def main(templates, cases, count=600):
    env = environment()
    pathlib.Path(cases).mkdir(parents=True, exist_ok=True)
    for path in sorted(pathlib.Path(templates).glob("*.jinja")):
        source = path.read_text(encoding="utf-8")
        template, rng = env.from_string(source), random.Random(path.name)
        made = [case(template, source, rng, tidy=k % 3 != 0) for k in range(int(count))]
        content = {"template": source, "today": TODAY.isoformat(), "cases": [item for item in made if item is not None]}
        (pathlib.Path(cases) / (path.stem + ".json")).write_text(json.dumps(content), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
