using System.ClientModel;
using System.ClientModel.Primitives;
using System.Diagnostics;
using System.Text.RegularExpressions;
using LongContext.TestSupport;
using Microsoft.Extensions.AI;
using OpenAI;

namespace LongContext.Samples.Tests;

/// <summary>samples/ChatServer, started as a user starts it.</summary>
public sealed partial class ChatServerTests
{
    private const string Sample = "ChatServer";

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task ChatServer_WithoutArguments_AnswersTheClientThatPeopleUse()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(folder["keys"], "# holders\nme sk-0123456789abcdef\n", Token);
        using Process process = SampleProgram.Start(Sample, "--port", "0", "--keys", folder["keys"]);
        try
        {
            Match listening = Match.Empty;
            while (!listening.Success && await process.StandardOutput.ReadLineAsync(Token) is { } line) listening = ListeningPattern().Match(line);
            Assert.True(listening.Success, "the server said nowhere that it listens");
            // Nobody may be held up by what nobody reads.
            Task rest = Task.WhenAll(process.StandardOutput.ReadToEndAsync(Token), process.StandardError.ReadToEndAsync(Token));
            using IChatClient client = Client(listening.Groups[1].Value, "sk-0123456789abcdef");
            ChatResponse response = await client.GetResponseAsync("the same of", new ChatOptions { MaxOutputTokens = 5 }, Token);
            Assert.Equal((5L, "word-model"), (response.Usage!.OutputTokenCount, response.ModelId));
            ClientResultException refused = await Assert.ThrowsAsync<ClientResultException>(() => Client(listening.Groups[1].Value, "sk-wrong").GetResponseAsync("x", cancellationToken: Token));
            Assert.Equal(401, refused.Status);
            process.Kill();
            await rest;
        }
        finally
        {
            if (!process.HasExited) process.Kill();
        }
    }

    [Fact]
    public async Task ChatServer_WhatCannotBeDone_IsRefusedByName()
    {
        (await SampleProgram.RunAsync(Sample, "--model", "/nowhere/at/all")).AssertRefusal("ModelFolder");
        (await SampleProgram.RunAsync(Sample, "--address", "example")).AssertRefusal("--address");
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        await File.WriteAllTextAsync(folder["none"], "# me sk-0123456789abcdef\n\n", Token);
        await File.WriteAllTextAsync(folder["twice"], "me sk-0123456789abcdef\n\nme sk-fedcba9876543210\n", Token);
        (await SampleProgram.RunAsync(Sample, "--port", "0", "--keys", folder["none"])).AssertRefusal("has no key");
        (await SampleProgram.RunAsync(Sample, "--port", "0", "--keys", folder["twice"])).AssertRefusal("line 3");
        (await SampleProgram.RunAsync(Sample, "--port", "0", "--address", "0.0.0.0")).AssertRefusal("ApiKeys is empty");
    }

    private static IChatClient Client(string address, string key) =>
        new OpenAIClient(new ApiKeyCredential(key), new OpenAIClientOptions { Endpoint = new Uri(address), RetryPolicy = new ClientRetryPolicy(0) }).GetChatClient("word-model").AsIChatClient();

    [GeneratedRegex(@"^Listening on (http://127\.0\.0\.1:\d+/v1)")]
    private static partial Regex ListeningPattern();
}
