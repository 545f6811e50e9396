using System.Text;
using LongContext.Data;
using LongContext.Hosting.Support;

namespace LongContext.Hosting.Serving;

/// <summary>Requests that are valid, and what becomes of them when they are bent: the same number, the same bytes.</summary>
internal static class RequestMutations
{
    private static readonly string[] Bodies =
    [
        TestServer.Chat("hello"),
        TestServer.Chat("grüße 🦜", ""","stream":true,"stream_options":{"include_usage":true}"""),
        """{"model":"fake","messages":[{"role":"system","content":"s"},{"role":"user","content":[{"type":"text","text":"a"},{"type":"text","text":"b"}]},{"role":"assistant","content":"c"}],"continue_final_message":true}""",
        TestServer.Chat("x", ""","temperature":0.7,"top_p":0.9,"max_tokens":3,"stop":["a","b"],"seed":1,"frequency_penalty":1,"presence_penalty":-1,"user":"u","n":1"""),
        TestServer.Chat("x", ""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"type":"object","properties":{"a":{"type":"string"}}}}},"tools":[],"tool_choice":"none"}"""[..^1]),
        """{"model":"fake","prompt":"once upon","max_tokens":2,"echo":true,"stream":false}""",
        TestServer.Chat("x", ""","logprobs":true,"top_logprobs":2,"logit_bias":{"3":-100,"5":1.5},"min_p":0.1,"typical_p":0.9,"top_n_sigma":2,"repetition_penalty":1.1,"no_repeat_ngram_size":3,"max_tokens":3"""),
        TestServer.Chat("x", ""","stop_token_ids":[3,4],"ignore_eos":true,"min_tokens":1,"priority":-1,"cache_salt":"s","bad_words":["a"],"n":2,"max_tokens":2,"stream":true"""),
        """{"model":"fake","prompt":"once upon","max_tokens":3,"logprobs":2,"n":2,"seed":3,"temperature":1,"logit_bias":{"4":2},"stream":true}""",
        TestServer.Chat("once upon a time", ""","truncate_prompt_tokens":6,"truncation_side":"middle","longcontext_token_dropping":{"type":"attention_sinks","sinks":1,"window":4,"positions":"in_cache"},"n_predict":3,"repeat_penalty":1.1"""),
        TestServer.Chat("once upon", ""","longcontext_token_truncation":{"maximum_tokens":8,"start_share":0.5,"protected_start":1,"protected_end":1,"marker":[3]},"longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":40,"observed_tokens":4,"pool_size":3,"pooling":"mean"},"max_new_tokens":2,"stream":true"""),
        TestServer.Chat("x", ""","longcontext_position_remapping":{"type":"self_extend","group_size":2,"neighbor_window":8},"logit_bias":[[3,false],[4,1]],"json_schema":{"type":"boolean"},"max_tokens":2,"mirostat":0,"samplers":[]"""),
        """{"model":"fake","messages":[{"role":"user","content":"s"},{"role":"assistant","content":"c","reasoning":"t"},{"role":"user","content":"u"}],"separate_reasoning":true,"include_reasoning":false,"reasoning_effort":"low","guided_json":"{}","max_tokens":2}""",
        TestServer.Chat("x", ""","tools":[{"type":"function","function":{"name":"get","description":"d","parameters":{"type":"object","properties":{"a":{"type":"string","enum":["b"]}},"required":["a"]},"strict":true}},{"type":"function","function":{"name":"two"}}],"tool_choice":{"type":"function","function":{"name":"two"}},"max_tokens":3"""),
        TestServer.Chat("x", ""","tools":[{"type":"function","function":{"name":"get","parameters":{"type":"object"}}}],"tool_choice":{"type":"allowed_tools","allowed_tools":{"mode":"required","tools":[{"type":"function","function":{"name":"get"}}]}},"parallel_tool_calls":false,"stream":true,"max_tokens":3"""),
        """{"model":"fake","tools":[{"type":"function","function":{"name":"get"}}],"messages":[{"role":"user","content":"x"},{"role":"assistant","content":null,"tool_calls":[{"id":"a","type":"function","function":{"name":"get","arguments":"{\"a\":[1,null]}"}}]},{"role":"tool","tool_call_id":"a","content":[{"type":"text","text":"r"}]}],"tool_choice":"auto","max_tokens":2}""",
        """{"model":"fake","prompt":"once upon","max_tokens":0,"echo":true,"logprobs":2,"prompt_logprobs":1}""",
        """{"model":"fake","prompt":"once upon","max_tokens":2,"echo":true,"logprobs":2,"stream":true,"n":2}""",
        """{"model":"fake","prompt":[3,1,2,4,200],"max_tokens":1,"echo":true,"logprobs":1,"temperature":0,"seed":1234}""",
        """{"model":"fake","prompt":[[5,4,3,2,1,0]],"max_tokens":2,"echo":true,"logprobs":1,"stream":true,"n":2,"truncate_prompt_tokens":3}""",
        """{"model":"fake","prompt":["once","upon","a"],"max_tokens":2,"echo":true,"logprobs":1,"n":2,"seed":3}""",
        """{"model":"fake","prompt":[[5,4,3],[2,1],[0]],"max_tokens":0,"echo":true,"logprobs":1,"stream":true,"truncate_prompt_tokens":2}""",
        """{"model":"fake","prompt":["once",""],"max_tokens":2,"prompt_logprobs":1,"guided_choice":["yes","no"]}""",
        TestServer.Chat("once upon", ""","prompt_logprobs":3,"max_completion_tokens":0"""),
        TestServer.Chat("x", ""","structured_outputs":{"regex":"(a|b){1,4}[0-9]?"},"max_tokens":9"""),
        """{"model":"fake","prompt":"x","guided_choice":["yes","no"],"max_tokens":4}""",
        TestServer.Chat("x", ""","response_format":{"type":"json_schema","json_schema":{"name":"n","schema":{"allOf":[{"properties":{"a":{}},"required":["a"]},{"properties":null,"required":[null],"enum":{}}]}}},"max_tokens":3"""),
    ];

    private static readonly string[] Values =
        ["null", "true", "[]", "{}", "\"\"", "-1", "0", "1e308", "1e999", "99999999999999999999", "\"\\ud800\"", "\"\\u0000\"", "[[[[[[]]]]]]", "{\"a\":{\"b\":{}}}", "1.5", "\"x\"", "[1,\"a\",null]"];

    private static readonly string[] Paths = ["/v1/chat/completions", "/v1/completions", "/v1/models", "/v1/models/%00%ff", "/v1/../v1/models", "/", "/v1/chat/completions/", "/health", "/v1/chat/completions?x=%zz"];

    /// <summary>A request whose length is stated rightly, so that the connection goes on after it.</summary>
    public static byte[] Framed(ulong number)
    {
        var random = new SplitMix64(20, (long)number);
        byte[] body = Encoding.UTF8.GetBytes(Bodies[Below(ref random, Bodies.Length)]);
        int changes = Below(ref random, 5);
        for (int i = 0; i < changes; i++) body = Changed(body, ref random);
        bool text = body.AsSpan().IndexOf("\"prompt\""u8) >= 0;
        string path = Below(ref random, 20) == 0 ? Paths[Below(ref random, Paths.Length)] : text ? Paths[1] : Paths[0];
        string method = Below(ref random, 50) == 0 ? new[] { "GET", "PUT", "DELETE", "HEAD", "PATCH" }[Below(ref random, 5)] : "POST";
        string type = Below(ref random, 50) == 0 ? "text/plain" : "application/json";
        string framing = Below(ref random, 10) == 0 ? "Transfer-Encoding: chunked" : $"Content-Length: {body.Length}";
        byte[] head = Encoding.ASCII.GetBytes($"{method} {path} HTTP/1.1\r\nHost: localhost\r\nContent-Type: {type}\r\n{framing}\r\n\r\n");
        return framing[0] == 'C' ? [.. head, .. body] : body.Length == 0 ? [.. head, .. "0\r\n\r\n"u8] : [.. head, .. Encoding.ASCII.GetBytes($"{body.Length:x}\r\n"), .. body, .. "\r\n0\r\n\r\n"u8];
    }

    /// <summary>A request with bytes changed anywhere, its head too.</summary>
    public static byte[] Torn(ulong number)
    {
        byte[] bytes = Framed(number);
        var random = new SplitMix64(21, (long)number);
        int changes = 1 + Below(ref random, 6);
        for (int i = 0; i < changes && bytes.Length > 1; i++) bytes = Changed(bytes, ref random);
        return bytes;
    }

    private static byte[] Changed(byte[] body, ref SplitMix64 random)
    {
        if (body.Length == 0) return [(byte)Below(ref random, 256)];
        int at = Below(ref random, body.Length), end = Math.Min(body.Length, at + 1 + Below(ref random, 8));
        switch (Below(ref random, 7))
        {
            case 0:
                byte[] bent = [.. body];
                bent[at] ^= (byte)(1 << Below(ref random, 8));
                return bent;
            case 1:
                return [.. body[..at], .. body[end..]];
            case 2:
                return [.. body[..end], .. body[at..]];
            case 3:
                return [.. body[..at], (byte)Below(ref random, 256), .. body[at..]];
            case 4:
                return body[..at];
            default:
                // Another value behind a colon: still JSON, mostly.
                int colon = body.AsSpan(at).IndexOf((byte)':');
                if (colon < 0) return body;
                int from = at + colon + 1, length = body.AsSpan(from).IndexOfAny((byte)',', (byte)'}', (byte)']');
                return length < 0 ? body : [.. body[..from], .. Encoding.UTF8.GetBytes(Values[Below(ref random, Values.Length)]), .. body[(from + length)..]];
        }
    }

    private static int Below(ref SplitMix64 random, int count) => random.NextInt(count);
}
