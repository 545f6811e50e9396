using System.Diagnostics;
using System.Text.Json.Nodes;
using LongContext.Generation;
using LongContext.Hosting.Support;

namespace LongContext.Hosting.Serving;

/// <summary>Numbers and texts at the ends of what their types hold, sent to a model that takes them at their word.</summary>
public sealed class HostileNumberTests : IClassFixture<EngineServerTests.Folder>
{
    private readonly ByteModel model;

    public HostileNumberTests(EngineServerTests.Folder folder) => model = folder.Model;

    public static TheoryData<string> Fields =>
    [
        """ "longcontext_token_dropping":{"type":"attention_sinks","sinks":2147483647,"window":2147483647} """,
        """ "longcontext_token_dropping":{"type":"attention_sinks","sinks":2147483647,"window":1} """,
        """ "longcontext_token_dropping":{"type":"attention_sinks","sinks":0,"window":2147483647,"positions":"in_text"} """,
        """ "longcontext_token_dropping":{"type":"attention_sinks","sinks":2147483647,"window":2147483647,"positions":"in_text"} """,
        """ "longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":2147483647,"observed_tokens":2147483647,"pool_size":2147483647} """,
        """ "longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":40,"observed_tokens":8,"pool_size":2147483647} """,
        """ "longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":40,"observed_tokens":8,"pool_size":2147483646} """,
        """ "longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":2147483647,"observed_tokens":8,"pool_size":7} """,
        """ "longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":1,"observed_tokens":1,"pool_size":1} """,
        """ "longcontext_position_remapping":{"type":"self_extend","group_size":2147483647,"neighbor_window":1} """,
        """ "longcontext_position_remapping":{"type":"self_extend","group_size":2147483647,"neighbor_window":2147483647} """,
        """ "longcontext_position_remapping":{"type":"dual_chunk_attention","chunk_size":2147483647,"local_size":1} """,
        """ "longcontext_position_remapping":{"type":"dual_chunk_attention","chunk_size":2147483647,"local_size":1073741823} """,
        """ "longcontext_position_remapping":{"type":"dual_chunk_attention","chunk_size":2,"local_size":1} """,
        """ "longcontext_token_truncation":{"maximum_tokens":2147483647,"protected_start":2147483647,"protected_end":2147483647} """,
        """ "longcontext_token_truncation":{"maximum_tokens":1,"start_share":1e-300} """,
        """ "longcontext_token_truncation":{"maximum_tokens":10,"marker":[2147483647]} """,
        """ "truncate_prompt_tokens":2147483647,"echo":true """,
        """ "truncate_prompt_tokens":1,"echo":true,"n":2 """,
        """ "max_tokens":2147483647 """, """ "max_tokens":2147483647,"min_tokens":2147483647 """, """ "min_tokens":2147483647 """,
        """ "max_tokens":1e400 """, """ "temperature":1e-310 """, """ "temperature":2,"top_p":1e-310 """, """ "top_k":2147483647,"temperature":2 """, """ "temperature":5e-324,"seed":1 """,
        """ "seed":-9223372036854775808,"temperature":1,"n":3 """, """ "seed":9223372036854775807,"temperature":1,"n":3 """, """ "seed":9223372036854775808 """,
        """ "logit_bias":{"65":1e308} """, """ "logit_bias":{"65":-1e400} """, """ "logit_bias":{"065":1} """, """ "logit_bias":{"-0":1} """, """ "logit_bias":{"65":100,"+65":1} """,
        """ "repetition_penalty":1e-300 """, """ "repetition_penalty":1e300 """, """ "no_repeat_ngram_size":2147483647 """, """ "typical_p":1e-300,"temperature":1 """, """ "top_n_sigma":1e300,"temperature":1 """, """ "min_p":1e-320,"temperature":1 """,
        """ "priority":2147483647 """, """ "priority":-2147483648 """, """ "priority":-2147483647 """,
        """ "logprobs":2147483647 """, """ "logprobs":300,"echo":true,"max_tokens":0 """, """ "prompt_logprobs":2147483647 """, """ "n":2147483647 """, """ "best_of":2147483647 """,
        """ "stop":["\u0000"] """, """ "stop":"\ud83e\udd9c" """, """ "bad_words":["\u0000"," "] """, """ "bad_words":[" ","  "] """,
        """ "guided_json":"{\"type\":\"object\",\"type\":\"string\"}" """, """ "guided_json":"{\"type\":\"object\",\"properties\":{\"a\":{},\"a\":{}}}" """, """ "guided_json":{"type":"string","minLength":2147483647} """,
        """ "guided_json":{"type":"array","minItems":2147483647} """, """ "guided_json":{"type":"string","minLength":1e400} """, """ "guided_json":{"type":"integer","minimum":-1e400,"maximum":1e400} """, """ "guided_json":{"$ref":"#"} """,
        """ "guided_json":{"type":"integer","multipleOf":0} """, """ "guided_json":{"enum":[]} """, """ "guided_json":"\"text\"" """, """ "guided_json":"true" """, """ "guided_json":"[" """, """ "guided_json":{"pattern":"(a*)*b","type":"string"} """,
        """ "guided_choice":["\u0000","\ud83e\udd9c"] """, """ "regex":"[\\u0000-\\uffff]{0,2147483647}" """, """ "regex":"a{2147483648}" """, """ "regex":"\\p{L}{1,999999999}" """,
        """ "stream":true,"stream_options":{"include_usage":true},"n":3 """, """ "cache_salt":"\u0000" """, """ "user":"\u0000" """, """ "suffix":"" """,
    ];

    [Theory, MemberData(nameof(Fields))]
    public async Task Field_AtItsTypesEnd_IsTakenOrRefusedAtOnce(string fields)
    {
        await using TestServer server = await TestServer.StartAsync(model.Load(ByteModel.Engine with { CacheTokens = 4096 }));
        await server.Model.LoadAsync(TestContext.Current.CancellationToken);
        bool hasLength = fields.Contains("max_tokens\"", StringComparison.Ordinal);
        foreach (string prompt in new[] { "once upon 🦜 a time", new string('x', 600) })
        {
            long began = Stopwatch.GetTimestamp();
            using HttpResponseMessage response = await server.Http.PostAsync("/v1/completions", TestServer.Json($$"""{"prompt":"{{prompt}}",{{fields}}{{(hasLength ? "" : ",\"max_tokens\":4")}}}"""), TestContext.Current.CancellationToken);
            string body = await response.Content.ReadAsStringAsync(TestContext.Current.CancellationToken);
            Assert.True((int)response.StatusCode is 200 or 400, body);
            if ((int)response.StatusCode == 400) Assert.False(string.IsNullOrEmpty((string?)JsonNode.Parse(body)!["error"]!["message"]), body);
            Assert.True(Stopwatch.GetElapsedTime(began) < TimeSpan.FromSeconds(60), "the field costs too much");
        }

        Assert.Empty(server.Log.Errors);
        // And nobody else has it worse for it.
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":"x","max_tokens":2}"""));
        Assert.True(status == 200, answer.ToJsonString());
        GenerationEngineStatistics engine = server.Model.EngineStatistics!;
        Assert.Equal((0, 0, 0), (engine.RunningRequests, engine.WaitingRequests, server.Model.RunningRequests));
    }

    [Theory]
    [InlineData(255, 200)]
    [InlineData(257, 400)]
    public async Task PoolSize_OfAChoice_IsBounded(int size, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(model.Load());
        (int status, JsonNode answer) = await server.PostAsync("/v1/completions", TestServer.Json(
            $$$"""{"prompt":"{{{new string('x', 600)}}}","max_tokens":2,"longcontext_token_dropping":{"type":"prompt_selection","maximum_tokens":40,"observed_tokens":8,"pool_size":{{{size}}} }}"""));
        Assert.True(status == expected, answer.ToJsonString());
        if (status == 400) Assert.Contains("odd, 1 to 255, but is 257", (string?)answer["error"]!["message"], StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("identity", 200)]
    [InlineData("gzip", 415)]
    [InlineData("identity, gzip", 415)]
    public async Task ContentEncoding_ThatChangesNothing_IsNone(string encoding, int expected)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        using StringContent content = TestServer.Json(TestServer.Chat());
        foreach (string one in encoding.Split(", ")) content.Headers.ContentEncoding.Add(one);
        Assert.Equal(expected, (await server.PostAsync("/v1/chat/completions", content)).Status);
    }
}
