using System.Text;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

public sealed class StopStringTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Response_StopStringsInRandomTokens_EndsBeforeTheFirstAndShowsNoneOfIt()
    {
        // Tokens of one to three characters and of single bytes, so that a stop string begins and ends anywhere in them.
        string[] letters = ["a", "b", "😀"];
        string[] pieces = [.. letters.SelectMany(x => letters.Select(y => x + y)), .. letters.SelectMany(x => letters.SelectMany(y => letters.Select(z => x + y + z)))];
        HuggingFaceTokenizer tokenizer = ChatModels.Create(pieces);
        using CausalLanguageModel model = ChatModels.Model(vocabulary: 320);
        var random = new Random(3);
        int stopped = 0;
        for (int round = 0; round < 400; round++)
        {
            int[] tokens = [.. Enumerable.Range(0, random.Next(1, 14)).SelectMany(_ => random.Next(2) == 0
                ? ChatModels.Bytes(letters[random.Next(3)])
                : [256 + random.Next(pieces.Length)])];
            string text = tokenizer.Decode(tokens);
            string[] stops = [.. Enumerable.Range(0, random.Next(1, 4)).Select(_ => string.Concat(Enumerable.Range(0, random.Next(1, 5)).Select(_ => letters[random.Next(3)])))];
            string? expected = Cut(text, stops);

            var generator = new ScriptedGenerator(tokens);
            using LongContextChatClient client = ChatModels.Scripted(model, generator, tokenizer, options: new LongContextChatClientOptions
            {
                Generation = new GenerationOptions { StopTokenIds = [] },
            });
            var options = new ChatOptions { StopSequences = [.. stops] };
            List<string> shown = [];
            ChatFinishReason? reason = null;
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("x", options, Token))
            {
                if (update.Text.Length > 0) shown.Add(update.Text);
                reason = update.FinishReason;
            }

            Assert.Equal(expected ?? text, string.Concat(shown));
            Assert.Equal(ChatFinishReason.Stop, reason);
            Assert.All(shown, piece => Assert.True(IsWhole(piece), $"half a character in \"{piece}\""));
            Assert.True(generator.Closed);
            if (expected is not null) stopped++;
            // Not asked for more tokens than it took to see the end.
            if (expected is not null) Assert.True(Cut(tokenizer.Decode(tokens[..Math.Max(0, generator.Given - 1)]).TrimEnd('\uFFFD'), stops) is null);
        }

        Assert.InRange(stopped, 100, 390);
    }

    [Fact]
    public async Task Response_StopStringInTheLastText_CountsTheTokenThatEndedIt()
    {
        using CausalLanguageModel model = ChatModels.Model();
        // Half a character shows at the end only.
        var generator = new ScriptedGenerator([(int)'a', 0xC3, ChatModels.EndOfTurn]) { TellsEnd = true };
        using LongContextChatClient client = ChatModels.Scripted(model, generator, format: ChatModels.Format);
        foreach ((string stop, string text) in new[] { ("\uFFFD", "a"), ("z", "a\uFFFD") })
        {
            ChatResponse response = await client.GetResponseAsync("x", new ChatOptions { StopSequences = [stop] }, Token);
            Assert.Equal((text, 3L, ChatFinishReason.Stop), (response.Text, response.Usage!.OutputTokenCount, response.FinishReason));
        }
    }

    [Fact]
    public async Task Response_StopStringAtEverySplit_IsNeverShown()
    {
        const string text = "one STOP two";
        using CausalLanguageModel model = ChatModels.Model();
        for (int first = 0; first <= text.Length; first++)
        {
            for (int second = first; second <= text.Length; second++)
            {
                string[] parts = [.. new[] { text[..first], text[first..second], text[second..] }.Where(part => part.Length > 1).Distinct()];
                HuggingFaceTokenizer tokenizer = ChatModels.Create(parts);
                int[] tokens = [.. new[] { text[..first], text[first..second], text[second..] }.Where(part => part.Length > 0)
                    .Select(part => part.Length == 1 ? part[0] : 256 + Array.IndexOf(parts, part))];
                Assert.Equal(text, tokenizer.Decode(tokens));
                using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(tokens), tokenizer);
                ChatResponse response = await client.GetResponseAsync("x", new ChatOptions { StopSequences = ["STOP", "STOPS"] }, Token);
                Assert.Equal("one ", response.Text);
                Assert.Equal(ChatFinishReason.Stop, response.FinishReason);
            }
        }
    }

    [Fact]
    public void Filter_TextThatOnlyBeginsLikeAStop_ComesOutInTheEnd()
    {
        var filter = new StopStringFilter(["</answer>", "<|end|>"]);
        Assert.Equal("a ", filter.Add("a </ans"));
        Assert.Equal("</ans< ", filter.Add("< <"));
        Assert.Equal("", filter.Add("|en"));
        Assert.Equal("<|en", filter.Flush());
        Assert.False(filter.Stopped);
        Assert.Equal("b", filter.Add("b<|end|>c"));
        Assert.True(filter.Stopped);
        Assert.Equal("", filter.Add("more") + filter.Flush());
    }

    [Fact]
    public async Task Response_MinimumTokens_AreNotSearchedForStops()
    {
        using CausalLanguageModel model = ChatModels.Model();
        var generator = new ScriptedGenerator(ChatModels.Bytes("\nfirst\nsecond"));
        using LongContextChatClient client = ChatModels.Scripted(model, generator);
        var options = new ChatOptions { StopSequences = ["\n", "\n\n"], AdditionalProperties = new() { [ChatOptionKeys.MinimumNewTokens] = 1 } };
        Assert.Equal("\nfirst", (await client.GetResponseAsync("x", options, Token)).Text);
        // A stop string that is one token is kept away by the generator itself, as LongBench does it for samsum.
        (_, GenerationOptions asked) = generator.Asked.Single();
        Assert.Equal(1, asked.MinimumNewTokens);
        Assert.Equal(['\n'], asked.AlsoMaskedUntilMinimum);
    }

    private static string? Cut(string text, string[] stops)
    {
        for (int end = 1; end <= text.Length; end++)
        {
            string[] found = [.. stops.Where(stop => text[..end].EndsWith(stop, StringComparison.Ordinal))];
            if (found.Length > 0) return text[..(end - found.Max(stop => stop.Length))];
        }

        return null;
    }

    private static bool IsWhole(string text) => text.EnumerateRunes().All(rune => rune != Rune.ReplacementChar);
}
