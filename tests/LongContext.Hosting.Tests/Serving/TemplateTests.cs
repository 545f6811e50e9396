using System.Text.Json.Nodes;
using LongContext.Chat;
using LongContext.Hosting.Support;
using Microsoft.Extensions.DependencyInjection;
using Microsoft.Extensions.Diagnostics.HealthChecks;

namespace LongContext.Hosting.Serving;

/// <summary>Models whose folder has no chat template, or one that is not known here.</summary>
public sealed class TemplateTests
{
    private const string Unknown = "{{ 'made up' }}";

    private const string Completion = """{"prompt":"once","max_tokens":2,"ignore_eos":true}""";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Template_ThatIsNotKnown_LeavesCompletionsAndRefusesChats()
    {
        await using Served served = await Served.StartAsync(Unknown);
        (int status, JsonNode answer) = await served.Server.PostAsync("/v1/completions", TestServer.Json(Completion));
        Assert.True(status == 200, answer.ToJsonString());
        (status, answer) = await served.Server.ChatAsync(TestServer.Chat("x", ""","max_tokens":2"""));
        Assert.Equal((400, "messages", "chat_template_unknown"), (status, (string?)answer["error"]!["param"], (string?)answer["error"]!["code"]));
        Assert.Contains("chat template", (string)answer["error"]!["message"]!, StringComparison.Ordinal);
        Assert.Contains("ChatFormat", Assert.Single(served.Server.Log.Entries).Message, StringComparison.Ordinal);
        Assert.Equal("unknown", await served.FormatAsync());
    }

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task ChatFormat_OfTheOptions_TakesTheTemplatesPlace(bool custom)
    {
        await using Served served = await Served.StartAsync(Unknown, options =>
        {
            if (custom) options.CustomChatFormat = ChatFormat.Named("chatml");
            else options.ChatFormat = "chatml";
        });
        (int status, JsonNode answer) = await served.Server.ChatAsync(TestServer.Chat("x", ""","max_tokens":2,"ignore_eos":true"""));
        // <|im_start|>user⏎ x <|im_end|>⏎ <|im_start|>assistant⏎
        Assert.Equal((200, 1 + 5 + 1 + 1 + 1 + 1 + 10), (status, (int)answer["usage"]!["prompt_tokens"]!));
        Assert.Equal("chatml", await served.FormatAsync());
        Assert.Empty(served.Server.Log.Entries);
    }

    [Fact]
    public async Task Template_ThatIsNotThere_IsToldAndToolsAreRefusedByTheirField()
    {
        await using Served served = await Served.StartAsync(template: null);
        (int status, JsonNode answer) = await served.Server.ChatAsync(TestServer.Chat("x", ""","max_tokens":2,"tools":[{"type":"function","function":{"name":"a"}}]"""));
        Assert.Equal((400, "tools"), (status, (string?)answer["error"]!["param"]));
        Assert.Equal("'tools' names 1 functions, but the model has no chat template, so that none of its words are known for them.", (string)answer["error"]!["message"]!);
        Assert.Equal(200, (await served.Server.ChatAsync(TestServer.Chat("x", ""","max_tokens":2"""))).Status);
        Assert.Contains("no chat template", Assert.Single(served.Server.Log.Entries).Message, StringComparison.Ordinal);
        Assert.Equal("none", await served.FormatAsync());
    }

    /// <summary>A model of bytes behind the server, as a host loads it.</summary>
    private sealed record Served(ByteModel Model, TestServer Server) : IAsyncDisposable
    {
        public static async Task<Served> StartAsync(string? template, Action<LongContextOptions>? more = null)
        {
            var model = new ByteModel();
            if (template is not null)
            {
                string file = Path.Combine(model.Folder, "tokenizer_config.json");
                JsonNode config = JsonNode.Parse(await File.ReadAllTextAsync(file, Token))!;
                config["chat_template"] = template;
                await File.WriteAllTextAsync(file, config.ToJsonString(), Token);
            }

            TestServer server = await TestServer.StartAsync(new FakeChatClient(), model: options =>
            {
                (options.ClientFactory, options.ModelFolder, options.Engine) = (null, model.Folder, ByteModel.Engine);
                more?.Invoke(options);
            });
            await server.Model.LoadAsync(Token);
            return new Served(model, server);
        }

        public async Task<string?> FormatAsync() =>
            (await Server.Services.GetRequiredService<HealthCheckService>().CheckHealthAsync(Token)).Entries["longcontext"].Data["chat_format"] as string;

        public async ValueTask DisposeAsync()
        {
            await Server.DisposeAsync();
            Model.Dispose();
        }
    }
}
