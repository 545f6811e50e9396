using System.Text.Json.Nodes;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Positions;
using LongContext.TestSupport;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

/// <summary>What a client says of a prompt before it is computed is what it does with it.</summary>
public sealed class ChatFitTests
{
    private const int Cache = 192;

    private static CancellationToken Token => TestContext.Current.CancellationToken;

    public static TheoryData<string, object?> Options => new()
    {
        { "none", null },
        { ChatOptionKeys.TokenTruncation, new TokenTruncation { MaximumTokens = 150, Marker = [5, 6] } },
        { ChatOptionKeys.TokenTruncation, new TokenTruncation { MaximumTokens = 400 } },
        { ChatOptionKeys.TokenDropping, new AttentionSinks { Sinks = 2, Window = 30 } },
        { ChatOptionKeys.TokenDropping, new AttentionSinks { Sinks = 2, Window = 30, Positions = SinkPositions.InText } },
        { ChatOptionKeys.TokenDropping, new PromptSelection { MaximumTokens = 40, ObservedTokens = 8 } },
        { ChatOptionKeys.PositionRemapping, new SelfExtend(4, 16) },
        { ChatOptionKeys.PositionRemapping, new DualChunkAttention(64, 16) },
    };

    [Theory, MemberData(nameof(Options), DisableDiscoveryEnumeration = true)]
    public async Task CheckFit_AnyLengths_SaysWhatTheRequestIsTold(string key, object? value)
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = Cache, StepTokens = 64, MaximumSequences = 4, Threads = 1 });
        using var client = new LongContextChatClient(engine, ChatModels.Tokenizer);
        int refusedByWindow = 0, refusedByCache = 0, taken = 0;
        foreach (int count in new[] { 1, 63, 100, 150, 192, 193, 194, 300, 511, 512, 513, 900 })
        {
            foreach (int? answer in new int?[] { null, 1, 42, 130, 1000 })
            {
                var options = new ChatOptions { MaxOutputTokens = answer, AdditionalProperties = new() { [ChatOptionKeys.PromptTokenIds] = Enumerable.Repeat(97, count).ToArray() } };
                if (value is not null) options.AdditionalProperties[key] = value;
                GenerationFit fit = client.CheckFit(count, options);
                Assert.Equal(fit, client.CheckFit([], options));
                Exception? refusal = await FirstAsync(client, options);
                Assert.Equal((fit.FitsWindow, fit.Fits), (refusal is not PromptTooLongException, refusal is null));
                if (refusal is PromptTooLongException tooLong)
                {
                    refusedByWindow++;
                    Assert.Equal((fit.PromptTokens, fit.WindowTokens - 1), (tooLong.Tokens, tooLong.MaximumTokens));
                }
                else if (refusal is CacheCapacityException full)
                {
                    refusedByCache++;
                    Assert.Equal((fit.PromptTokens + Math.Max(1, fit.NewTokens), fit.CacheTokens, fit.RequiredBytes, fit.CapacityBytes), (full.RequiredTokens, full.MaximumTokens, full.RequiredBytes, full.CapacityBytes));
                    Assert.True(fit.RequiredBytes > fit.CapacityBytes);
                }
                else
                {
                    taken++;
                    Assert.Null(refusal);
                    Assert.InRange(fit.RequiredBytes, 0, fit.CapacityBytes);
                }
            }
        }

        // Both answers were asked for, or the comparison says nothing.
        Assert.True(taken > 0 && (refusedByCache > 0 || value is AttentionSinks or TokenTruncation { MaximumTokens: 150 }), $"{taken} {refusedByCache}");
        Assert.Equal(value is null or AttentionSinks { Positions: SinkPositions.InText } or PromptSelection, refusedByWindow > 0);
    }

    [Fact]
    public void CheckFit_Figures_AreThoseOfWindowAndMemory()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using var engine = new GenerationEngine(model, new GenerationEngineOptions { CacheTokens = Cache, Threads = 1 });
        using var client = new LongContextChatClient(engine, ChatModels.Tokenizer);
        GenerationFit fit = client.CheckFit(100, new ChatOptions { MaxOutputTokens = 93 });
        Assert.Equal((100, 93, 512, 193, true, true), (fit.PromptTokens, fit.NewTokens, fit.WindowTokens, fit.CacheTokens, fit.FitsWindow, fit.FitsCache));
        fit = client.CheckFit(100, new ChatOptions { MaxOutputTokens = 94 });
        Assert.Equal((94, true, false, false), (fit.NewTokens, fit.FitsWindow, fit.FitsCache, fit.Fits));
        // A length that nobody asked for ends where memory does, one that is asked for where the window does.
        Assert.Equal(93, client.CheckFit(100).NewTokens);
        Assert.Equal(412, client.CheckFit(100, new ChatOptions { MaxOutputTokens = 9999 }).NewTokens);
        // Where the prompt alone is asked about, it may have all of the window.
        Assert.True(client.CheckFit(512, new ChatOptions { MaxOutputTokens = 0 }) is { FitsWindow: true, NewTokens: 0 });
        Assert.False(client.CheckFit(512).FitsWindow);
        Assert.True(client.CheckFit(int.MaxValue) is { FitsWindow: false, FitsCache: false });
    }

    [Fact]
    public async Task CheckFit_Messages_AreCountedAsTheyAreSent()
    {
        using CausalLanguageModel model = ChatModels.Model();
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(97), format: ChatModels.Format);
        ChatMessage[] messages = [new(ChatRole.System, "Be brief."), new(ChatRole.User, "once upon 🦜 a time")];
        GenerationFit fit = client.CheckFit(messages);
        Assert.Equal((await client.GetResponseAsync(messages, cancellationToken: Token)).Usage!.InputTokenCount, fit.PromptTokens);
        // Nothing says what memory holds.
        Assert.Equal((null, 0L, 0L, true), (fit.CacheTokens, fit.RequiredBytes, fit.CapacityBytes, fit.Fits));
        Assert.Equal(20, client.CheckFit(messages, new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.TokenTruncation] = new TokenTruncation { MaximumTokens = 20 } } }).PromptTokens);
    }

    [Fact]
    public void RequireFit_TextThatNormalizingLengthens_IsRefusedByWhatItBecomes()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        ChatModels.Write(folder.Path);
        JsonNode json = JsonNode.Parse(File.ReadAllText(folder["tokenizer.json"]))!;
        json["normalizer"] = new JsonObject { ["type"] = "NFC" };
        File.WriteAllText(folder["tokenizer.json"], json.ToJsonString());
        using CausalLanguageModel model = ChatModels.Model();
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(97), HuggingFaceTokenizer.Load(folder.Path));

        // A musical eighth note: 4 bytes, and 12 under NFC. By the bytes of the text both would fit into 512 tokens.
        ChatMessage[] Notes(int count) => [new(ChatRole.User, string.Concat(Enumerable.Repeat("\U0001D160", count)))];
        client.RequireFit(Notes(30), null);
        int tokens = client.CheckFit(Notes(60)).PromptTokens;
        Assert.InRange(tokens, 12 * 60, int.MaxValue);
        PromptTooLongException refusal = Assert.Throws<PromptTooLongException>(() => client.RequireFit(Notes(60), null));
        Assert.Equal((tokens, ChatModels.Window - 1), (refusal.Tokens, refusal.MaximumTokens));
    }

    [Fact]
    public void CheckFit_WhatCannotBe_IsRefused()
    {
        using CausalLanguageModel model = ChatModels.Model();
        LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(97));
        Assert.Throws<ArgumentOutOfRangeException>("promptTokens", () => client.CheckFit(-1));
        Assert.Throws<ArgumentNullException>("messages", () => client.CheckFit(null!));
        Assert.Throws<ArgumentException>(() => client.CheckFit(1, new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.TokenTruncation] = new TokenTruncation { MaximumTokens = 0 } } }));
        Assert.Throws<ArgumentException>(() => client.CheckFit(1, new ChatOptions { AdditionalProperties = new() { [ChatOptionKeys.TokenDropping] = new AttentionSinks { Window = 0 } } }));
        client.Dispose();
        Assert.Throws<ObjectDisposedException>(() => client.CheckFit(1));
    }

    /// <summary>How a request is refused; null where its answer begins.</summary>
    private static async Task<Exception?> FirstAsync(LongContextChatClient client, ChatOptions options)
    {
        await using IAsyncEnumerator<ChatResponseUpdate> updates = client.GetStreamingResponseAsync([], options, Token).GetAsyncEnumerator(Token);
        return await Record.ExceptionAsync(async () => await updates.MoveNextAsync());
    }
}
