using System.Text.Json.Nodes;
using LongContext.Generation;
using LongContext.Hosting.Support;
using Microsoft.Extensions.AI;
using Microsoft.ML.Tokenizers;

namespace LongContext.Hosting.Serving;

/// <summary>What a request may not ask for, and what it may switch off.</summary>
public sealed class RequestLimitTests
{
    private static readonly string Words = Path.Combine(AppContext.BaseDirectory, "BaseModel");

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData("allowed_token_ids", "[1]")]
    [InlineData("guided_grammar", "\"root ::= x\"")]
    [InlineData("include_stop_str_in_output", "true")]
    [InlineData("skip_special_tokens", "false")]
    [InlineData("use_beam_search", "true")]
    [InlineData("chat_template", "\"x\"")]
    [InlineData("grammar", "\"root ::= x\"")]
    [InlineData("best_of", "2")]
    [InlineData("mirostat", "2")]
    [InlineData("tfs_z", "0.9")]
    [InlineData("dry_multiplier", "0.8")]
    [InlineData("xtc_probability", "0.5")]
    [InlineData("dynatemp_range", "0.5")]
    [InlineData("samplers", """["top_k"]""")]
    [InlineData("lora", """[{"id":0,"scale":1}]""")]
    [InlineData("n_probs", "3")]
    [InlineData("num_beams", "4")]
    [InlineData("ebnf", "\"root ::= x\"")]
    [InlineData("do_sample", "false")]
    [InlineData("verbosity", "\"low\"")]
    public async Task Field_ThatWouldChangeTheAnswer_IsRefusedByName(string field, string value)
    {
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        foreach ((int status, JsonNode answer) in new[] { await server.ChatAsync(TestServer.Chat("x", $",\"{field}\":{value}")), await server.PostAsync("/v1/completions", TestServer.Json($$"""{"prompt":"x","{{field}}":{{value}}}""")) })
        {
            Assert.Equal((400, field, "unsupported_parameter"), (status, (string?)answer["error"]!["param"], (string?)answer["error"]!["code"]));
            Assert.Contains($"'{field}'", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        }

        Assert.Equal(0, client.Begun);
    }

    [Theory]
    [InlineData("""{"documents":[]}""", "chat_template_kwargs.documents")]
    [InlineData("""{"enable_thinking":true,"date":"today"}""", "chat_template_kwargs.date")]
    [InlineData("7", "chat_template_kwargs")]
    public async Task TemplateValue_ThatIsNotKnown_IsRefusedByName(string value, string parameter)
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient());
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", $",\"chat_template_kwargs\":{value}"));
        Assert.Equal((400, parameter), (status, (string?)answer["error"]!["param"]));
    }

    [Fact]
    public async Task Field_AtItsDefault_Passes()
    {
        const string all = """
            ,"truncate_prompt_tokens":null,"prompt_logprobs":null,"allowed_token_ids":null,"structured_outputs":null,"guided_json":null,"guided_regex":null,"guided_choice":[],"guided_grammar":null,
            "include_stop_str_in_output":false,"skip_special_tokens":true,"use_beam_search":false,"chat_template":null,"grammar":"","best_of":1,
            "mirostat":0,"mirostat_tau":5,"tfs_z":1.0,"top_a":0,"dry_multiplier":0.0,"xtc_probability":0,"dynatemp_range":0,"samplers":[],"lora":[],"n_probs":0,"num_beams":1,"do_sample":true,"verbosity":"medium",
            "repeat_last_n":64,"cache_prompt":true,"id_slot":-1,"penalty_alpha":0,"regex":"","longcontext_token_truncation":null,"truncation_side":"left"
            """;
        var client = new FakeChatClient();
        await using TestServer server = await TestServer.StartAsync(client);
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("x", all + ""","add_special_tokens":false,"chat_template_kwargs":{"enable_thinking":false,"other":null}"""))).Status);
        Assert.Equal(ReasoningEffort.None, client.LastOptions!.Reasoning!.Effort);
        Assert.Equal(200, (await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":"x","add_special_tokens":true""" + all + "}"))).Status);
        // Each kind of request has special tokens as other servers' defaults have them.
        Assert.Equal("add_special_tokens", (string?)(await server.ChatAsync(TestServer.Chat("x", ""","add_special_tokens":true"""))).Body["error"]!["param"]);
        Assert.Equal("add_special_tokens", (string?)(await server.PostAsync("/v1/completions", TestServer.Json("""{"prompt":"x","add_special_tokens":false}"""))).Body["error"]!["param"]);
    }

    [Fact]
    public async Task Schema_LargerThanTheLimit_IsRefused()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => limits.MaximumSchemaBytes = 30);
        foreach ((string schema, int expected) in new[] { ("""{"const":"ééééééééé"}""", 200), ("""{"const":"éééééééééé"}""", 400) })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("x", $$$""","response_format":{"type":"json_schema","json_schema":{"schema":{{{schema}}}}}"""));
            Assert.Equal((expected, expected == 400 ? "response_format.json_schema.schema" : null), (status, (string?)answer["error"]?["param"]));
        }
    }

    [Fact]
    public async Task Choices_OfAGreedyModel_AreEqual()
    {
        await using TestServer server = await TestServer.StartAsync(
            new FakeChatClient(), model: options => (options.ClientFactory, options.ModelFolder, options.Engine) = (null, Words, new GenerationEngineOptions { CacheTokens = 512, Threads = 1 }));
        foreach (string more in new[] { """,""" + "\"temperature\":0", """,""" + "\"temperature\":1,\"top_k\":1", "" })
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("the", more + ""","n":3,"max_tokens":4,"seed":7"""));
            Assert.True(status == 200, answer.ToJsonString());
            string[] texts = [.. answer["choices"]!.AsArray().Select(choice => (string)choice!["message"]!["content"]!)];
            Assert.Equal((3, 1), (texts.Length, texts.Distinct().Count()));
        }
    }

    [Fact]
    public async Task PromptLimit_CountsThoughtsToo()
    {
        await using TestServer server = await TestServer.StartAsync(LongContextChatClient.Load(Words, new LongContextChatClientOptions { ModelId = TestServer.ModelId }), limits => limits.MaximumPromptTokens = 40);
        await server.Model.LoadAsync(Token);
        foreach ((int words, int expected) in new[] { (30, 200), (45, 400) })
        {
            string thought = string.Join(' ', Enumerable.Repeat("the", words));
            (int status, JsonNode answer) = await server.ChatAsync($$"""{"messages":[{"role":"user","content":"the"},{"role":"assistant","content":"of","reasoning_content":"{{thought}}"},{"role":"user","content":"same"}],"max_tokens":2}""");
            Assert.Equal((expected, expected == 400 ? "context_length_exceeded" : null), (status, (string?)answer["error"]?["code"]));
        }
    }

    [Fact]
    public async Task PromptLimit_BeforeTheModelIsLoaded_CountsByTheFoldersTokenizer()
    {
        await using TestServer server = await TestServer.StartAsync(new FakeChatClient(), limits => limits.MaximumPromptTokens = 40,
            options => (options.ClientFactory, options.ModelFolder, options.Startup) = (null, Words, ModelStartup.OnFirstRequest));
        (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat(string.Join(' ', Enumerable.Repeat("the", 41))));
        Assert.Equal((400, "context_length_exceeded", ModelState.NotLoaded), (status, (string?)answer["error"]!["code"], server.Model.State));
        Assert.Equal(200, (await server.ChatAsync(TestServer.Chat(string.Join(' ', Enumerable.Repeat("the", 39)), ""","max_tokens":1"""))).Status);
    }

    [Fact]
    public async Task Defaults_OfTheModel_AreSwitchedOffByName()
    {
        using var model = new ByteModel();
        Tokenizer tokenizer = Tokenization.HuggingFaceTokenizer.Load(model.Folder);
        LongContextChatClient client = LongContextChatClient.Load(model.Folder, new LongContextChatClientOptions
        {
            ModelId = TestServer.ModelId, ChatFormat = Chat.ChatFormat.Named("chatml"), Engine = ByteModel.Engine,
            Generation = new GenerationOptions { Temperature = 2, TopK = 1, LogProbabilities = 1, MaximumNewTokens = 12, Grammar = JsonGrammar.FromSchema("""{"const":"abc"}""", tokenizer) },
        });
        await using TestServer server = await TestServer.StartAsync(client);
        JsonNode usual = await AskAsync("");
        Assert.Equal("\"abc\"", Text(usual).Trim());
        Assert.NotNull(usual["logprobs"]);
        Assert.Null((await AskAsync(""","logprobs":false"""))["logprobs"]);
        const string text = ""","response_format":{"type":"text"},"ignore_eos":true""";
        Assert.NotEqual("\"abc\"", Text(await AskAsync(text)).Trim());
        Assert.Single(await DistinctAsync(text));
        Assert.NotEmpty((await DistinctAsync(text + ""","top_k":0""")).Skip(1));
        Assert.NotEmpty((await DistinctAsync(text + ""","top_k":-1""")).Skip(1));

        async Task<List<string>> DistinctAsync(string more)
        {
            List<string> found = [];
            for (int seed = 0; seed < 4; seed++) found.Add(Text(await AskAsync($",\"seed\":{seed}{more}")));
            return [.. found.Distinct(StringComparer.Ordinal)];
        }

        async Task<JsonNode> AskAsync(string more)
        {
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("hello", more));
            Assert.True(status == 200, answer.ToJsonString());
            return answer["choices"]![0]!;
        }

        static string Text(JsonNode choice) => (string)choice["message"]!["content"]!;
    }

    [Theory]
    [InlineData(""","repetition_penalty":1e-40""", 200)]
    [InlineData(""","repetition_penalty":1e-40,"temperature":1""", 200)]
    [InlineData(""","repetition_penalty":3e38,"temperature":1,"top_n_sigma":1,"frequency_penalty":2""", 200)]
    [InlineData(""","bad_words":["\""],"response_format":{"type":"json_schema","json_schema":{"schema":{"enum":["a"]}}}""", 400)]
    [InlineData(""","no_repeat_ngram_size":1,"response_format":{"type":"json_schema","json_schema":{"schema":{"enum":["qqqq"]}}}""", 400)]
    [InlineData(""","response_format":{"type":"json_schema","json_schema":{"schema":{"type":"string","pattern":"^b(a?){9000}(a?){9000}$"}}}""", 400)]
    public async Task Rules_OfARequest_NeverMakeTheServerFail(string more, int expected)
    {
        using var model = new ByteModel();
        foreach (bool alone in new[] { false, true })
        {
            await using TestServer server = await TestServer.StartAsync(model.Load(alone: alone));
            (int status, JsonNode answer) = await server.ChatAsync(TestServer.Chat("hello", ""","max_tokens":40""" + more));
            Assert.True(expected == status, answer.ToJsonString());
            if (expected == 400) Assert.Equal("invalid_request_error", (string?)answer["error"]!["type"]);
            Assert.Empty(server.Log.Errors);
            // And the model answers others.
            Assert.Equal(200, (await server.ChatAsync(TestServer.Chat("hello", ""","max_tokens":2"""))).Status);
        }
    }
}
