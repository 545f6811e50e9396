"""Writes tests/Fixtures/chat-tools: conversations with tools as transformers' apply_chat_template writes them.

    python3 tests/Interop/chat_tools.py TEMPLATES

TEMPLATES is a folder with the official templates, NAME.jinja for the names below; they are not ours to keep here. Each is told by the
fingerprint that ChatTemplateCatalog has of it. Needs Python 3 and jinja2 alone.

Where a template leaves something to its caller, the messages are changed as the system prompts of these models ask:
- Granite and SmolLM3 have no place for "tool_calls": the calls' text is put behind the content.
- Granite 3.0 calls a tool's role "tool_response".
- Phi-4-mini takes the tools as JSON in the field "tools" of the system's message, which is added if there is none; a tool's role
  is "tool_response", the token that the vocabulary has for it.
"""
import hashlib
import json
import pathlib
import sys

from chat_cases import TODAY, Refusal, environment

TEMPLATES = {
    "qwen2.5": ("f1deea9b76736cbc009e1fba13185396", "Qwen/Qwen2.5-7B-Instruct"),
    "qwen2.5-doubled-braces": ("c39a55847c170088f3996fd11cc6c22d", "Qwen/Qwen2.5-7B-Instruct-GGUF"),
    "qwen2.5-training": ("dec1709699cb091b5402e6aa914fe476", "huggingface/trl"),
    "qwen3": ("810612c8c6269d91466921fb9f566517", "Qwen/Qwen3-8B"),
    "qwen3-later": ("d17685cffb56a44a3984246a7b049e67", "Qwen/Qwen3-8B"),
    "qwen3-thinking": ("a4cb48ff97cf964c34a5b333109a10ed", "Qwen/Qwen3-30B-A3B-Thinking-2507"),
    "qwen3-instruct": ("c2c5df4bd4591114b35fe471d44b36bf", "Qwen/Qwen3-30B-A3B-Instruct-2507"),
    "qwen3-instruct-training": ("915ff89694856cee11eed4877f46829e", "huggingface/trl"),
    "llama3.1": ("136645ea150f0601147c337767e9159e", "meta-llama/Llama-3.1-8B-Instruct, Llama-3.3-70B-Instruct"),
    "llama3.2": ("e940a44713e4a370888f30104507d9a9", "meta-llama/Llama-3.2-3B-Instruct"),
    "mistral-v3": ("5d976fb36633c8c34d7c6c9652e98d59", "mistralai/Mistral-7B-Instruct-v0.3"),
    "mistral-v3-earlier": ("e8d44060f8427011a7555f4efeda5115", "mistralai/Mistral-7B-Instruct-v0.3, earlier"),
    "mistral-nemo": ("51e984cce8d665d744761113ee54260c", "mistralai/Mistral-Nemo-Instruct-2407"),
    "mistral-nemo-first": ("83e376e1c85d2b423cbf31520e201748", "mistralai/Mistral-Nemo-Instruct-2407, first"),
    "granite-3.0": ("589a0f5d4d9536b3975187955d25b621", "ibm-granite/granite-3.0-8b-instruct"),
    "granite-3.1": ("42b37ec289673b697e08df8f61f4f397", "ibm-granite/granite-3.1-8b-instruct"),
    "granite-3.2": ("8c70feb0daeddd12a3a9d1214e95b4fe", "ibm-granite/granite-3.2-8b-instruct"),
    "granite-3.3": ("47783aacdaa01ea6173232a133bd6af4", "ibm-granite/granite-3.3-8b-instruct"),
    "granite-3.3-first": ("72a45f7dd74dddecfd6473e541196446", "ibm-granite/granite-3.3-8b-instruct, first"),
    "smollm3": ("1f345b22dfa251d20f08c26be6fabc04", "HuggingFaceTB/SmolLM3-3B"),
    "phi4-mini": ("1d4685a89cb0899989065eb534fa2494", "microsoft/Phi-4-mini-instruct"),
}

WEATHER = ("get_weather", "What the weather is like.", '{"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}')
NESTED = (
    "search.documents-2", "Finds \u201cdocuments\u201d; it's\nfast, says \\ \"nobody\" \u00e9 \U0001f600\t\u200b\u00a0.",
    '{"type":"object","properties":{"query":{"type":"string","description":"caf\\u00e9 \\"q\\" \\u2028 \\u0001"},"limit":{"type":"integer","minimum":1,'
    '"maximum":1e3,"default":10},"weights":{"type":"array","items":{"type":"number"},"default":[1.0,0.5,1e-7,1e16,123456789012345678901234567890,-0.0]},'
    '"filter":{"type":["object","null"],"default":null,"properties":{"a":{"anyOf":[{"const":true},{"enum":["x","\'y\'",false,{}]}]}}}},'
    '"additionalProperties":false}',
)
PLAIN = ("now", None, "{}")


def say(role, content, **more):
    return {"role": role, "content": content, **more}


def call(name, arguments, id="abcdefgh1"):
    return {"id": id, "type": "function", "function": {"name": name, "arguments": arguments}}


def answer(content, id="abcdefgh1", name="get_weather"):
    return say("tool", content, tool_call_id=id, name=name)


ASK = say("user", "How warm is it in Ulm?")
CALL = call("get_weather", '{"city": "Ulm"}')
HARD = call("search.documents-2", '{"query":"\\u00e9 \\ud83d\\ude00 \\"it\'s\\" \\\\ \\n","limit":1e3,"weights":[1.0,-0,1E-5,0.1e-10,12345678.9,1e22,100000000000000000.0],"filter":null,"on":true,"x":{}, "y":[]}', "abcdefgh2")
SYSTEM = say("system", "Be brief.")

CONVERSATIONS = {
    "none used": [ASK],
    "none used, under a system prompt": [SYSTEM, ASK, say("assistant", "Warm."), say("user", "And now?")],
    "one call": [ASK, say("assistant", "", tool_calls=[CALL])],
    "one call answered": [SYSTEM, ASK, say("assistant", "", tool_calls=[CALL]), answer('{"celsius": 21.5}')],
    "call with content": [ASK, say("assistant", "Let me see.", tool_calls=[CALL]), answer("21\u00b0 \"warm\"\n"), say("assistant", " It is 21\u00b0. \n")],
    "two calls": [ASK, say("assistant", "", tool_calls=[CALL, HARD]), answer("a"), answer("b", "abcdefgh2", "search.documents-2"), say("assistant", "Done.")],
    "numbers, quotes and nothing": [ASK, say("assistant", "", tool_calls=[HARD]), answer("null", "abcdefgh2"), say("assistant", "", tool_calls=[call("now", "{}", "abcdefgh3")])],
    "turn after turn": [
        SYSTEM, ASK, say("assistant", "", tool_calls=[CALL]), answer("21"), say("assistant", "21\u00b0."),
        ASK, say("assistant", "Again?", tool_calls=[HARD]), answer("[]", "abcdefgh2"), say("assistant", "Nothing."), say("user", "Thanks."),
    ],
    "thoughts and calls": [
        ASK, say("assistant", "", reasoning_content="\nIs it?\n", tool_calls=[CALL]), answer("21"),
        say("assistant", "\n\nWarm.", reasoning_content="So it is."), say("user", "More."),
        say("assistant", "\nI look.\n", reasoning_content="Look up.", tool_calls=[CALL]), answer("22"), say("assistant", "<think>\nx\n</think>\n\n22\u00b0."),
    ],
    "thoughts in the content": [ASK, say("assistant", "<think>\nIs it?\n</think>\n\nI look.", tool_calls=[CALL])],
    "id of another length": [ASK, say("assistant", "", tool_calls=[call("now", "{}", "call_1")]), answer("0", "call_1")],
    "answer without an id": [ASK, say("assistant", "", tool_calls=[CALL]), say("tool", "21")],
}


def cases():
    for name, messages in CONVERSATIONS.items():
        uses = any("tool_calls" in message for message in messages)
        for tools in ([WEATHER, NESTED, PLAIN], [WEATHER], []) if name.startswith("none") else ([WEATHER, PLAIN], []):
            if not tools and not uses:
                continue
            ends = messages[-1]["role"] == "assistant"
            yield name, messages, tools, not ends, None
    yield "thinking off", CONVERSATIONS["one call answered"], [WEATHER], True, False
    yield "thinking on", CONVERSATIONS["one call answered"][1:], [WEATHER], True, True
    yield "thinking off, one call", CONVERSATIONS["one call"], [WEATHER], False, False


def as_text(calls, open, close, list_open="", list_close="", separator=""):
    texts = (f'{open}{{"name": "{c["function"]["name"]}", "arguments": {dumps(c["function"]["arguments"])}}}{close}' for c in calls)
    return list_open + separator.join(texts) + list_close


def dumps(value):
    return json.dumps(value, ensure_ascii=False)


def adapt(family, messages, tools):
    """The messages as the template of a family takes them, see above."""
    result = []
    for message in messages:
        message = dict(message)
        calls = message.pop("tool_calls", None)
        if calls and family in ("granite", "phi4"):
            end = "<|/tool_call|>" if family == "phi4" else ""
            message["content"] += as_text(calls, "", "", "<|tool_call|>[", "]" + end, ", ")
        elif calls and family == "smollm3":
            message["content"] += "\n" * bool(message["content"]) + as_text(calls, "<tool_call>\n", "\n</tool_call>", separator="\n")
        elif calls:
            message["tool_calls"] = calls
        if message["role"] == "tool" and family in ("granite-3.0", "phi4"):
            message["role"] = "tool_response"
        result.append(message)
    if family == "phi4" and tools:
        if result[0]["role"] != "system":
            result.insert(0, say("system", ""))
        result[0] = {**result[0], "tools": dumps([tool["function"] for tool in tools])}
    return result


def render(template, name, messages, tools, prompt, thinks):
    functions = [{"type": "function", "function": {"name": n, **({} if d is None else {"description": d}), "parameters": json.loads(p)}} for n, d, p in tools]
    plain = [
        {**m, "tool_calls": [{**c, "function": {**c["function"], "arguments": json.loads(c["function"]["arguments"])}} for c in m["tool_calls"]]}
        if "tool_calls" in m else m for m in messages]
    family = name if name == "granite-3.0" else name.split("-")[0]
    plain = adapt(family, [{**m} for m in plain], functions)
    if family == "granite-3.0":
        plain = adapt("granite", plain, functions)
    names = {"messages": plain, "tools": functions or None, "add_generation_prompt": prompt, "bos_token": "<BOS>", "eos_token": "<EOS>"}
    if thinks is not None:
        names["enable_thinking"] = names["thinking"] = thinks
    return template.render(**names)


def main(folder):
    target = pathlib.Path(__file__).parent.parent / "Fixtures" / "chat-tools"
    target.mkdir(exist_ok=True)
    env = environment()
    given = list(cases())
    write(target / "cases.json", {"today": TODAY.isoformat(), "cases": [
        {"case": title, "messages": messages, "tools": [{"name": n, "description": d, "parameters": p} for n, d, p in tools], "add_generation_prompt": prompt}
        | ({} if thinks is None else {"enable_thinking": thinks}) for title, messages, tools, prompt, thinks in given]})
    for name, (fingerprint, origin) in TEMPLATES.items():
        file = pathlib.Path(folder) / f"{name}.jinja"
        if not file.exists():
            print(f"{name}: no {file}")
            continue
        source = file.read_text(encoding="utf-8")
        template = env.from_string(source)
        results = []
        for _, messages, tools, prompt, thinks in given:
            try:
                results.append({"text": render(template, name, messages, tools, prompt, thinks)})
            except Refusal as fault:
                results.append({"refused": str(fault)})
        sha256 = hashlib.sha256(source.encode()).hexdigest()
        write(target / f"{name}.json", {"origin": origin, "template_sha256": sha256, "fingerprint": fingerprint, "results": results})
        print(f"{name}: {len(results)} cases, {sum('refused' in result for result in results)} refused")


def write(path, value):
    path.write_text(json.dumps(value, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1])
