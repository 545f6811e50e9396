using System.Text;
using LongContext.Data;
using LongContext.Evaluation;
using LongContext.Generation;
using LongContext.Models;
using LongContext.Tokenization;
using Microsoft.Extensions.AI;

namespace LongContext.Tests.Generation.Chat;

/// <summary>Log-probabilities beside the text that their tokens lie in.</summary>
public sealed class ChatLogProbabilityTests
{
    private static CancellationToken Token => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Stream_RandomTokensAndStops_GivesEachTokenWithThePieceItBeginsIn()
    {
        // Tokens of one to three characters, of parts of one, and special ones without text.
        string[] letters = ["a", "b", "😀"];
        string[] pieces = [.. letters.SelectMany(x => letters.Select(y => x + y)), .. letters.SelectMany(x => letters.SelectMany(y => letters.Select(z => x + y + z)))];
        HuggingFaceTokenizer tokenizer = ChatModels.Create(pieces);
        Assert.True(tokenizer.TryGetTokenId("<|im_start|>", out int special));
        using CausalLanguageModel model = ChatModels.Model(vocabulary: 320);
        var random = new SplitMix64(3, 0);
        int cut = 0, held = 0;
        for (int round = 0; round < 400; round++)
        {
            List<int> tokens = [];
            for (int count = 1 + random.NextInt(14); count > 0; count--)
            {
                int kind = random.NextInt(7);
                if (kind < 3) tokens.AddRange(ChatModels.Bytes(letters[random.NextInt(3)]));
                else tokens.Add(kind == 3 ? special : 256 + random.NextInt(pieces.Length));
            }

            string[] stops = random.NextInt(2) == 0 ? [] : [.. Enumerable.Range(0, 1 + random.NextInt(2)).Select(_ => string.Concat(Enumerable.Range(0, 1 + random.NextInt(4)).Select(_ => letters[new Random(round).Next(3)])))];
            using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator([.. tokens]), tokenizer, options: new LongContextChatClientOptions { Generation = new GenerationOptions { StopTokenIds = [] } });
            var options = new ChatOptions { StopSequences = stops, MaxOutputTokens = 400, AdditionalProperties = new() { [ChatOptionKeys.LogProbabilities] = true, [ChatOptionKeys.TopLogProbabilities] = 2 } };
            List<ChatLogProbability> found = [];
            var text = new StringBuilder();
            await foreach (ChatResponseUpdate update in client.GetStreamingResponseAsync("x", options, Token))
            {
                int before = text.Length;
                text.Append(update.Text);
                foreach (ChatLogProbability token in update.GetLogProbabilities() ?? [])
                {
                    Assert.InRange(token.TextOffset, before, text.Length);
                    found.Add(token);
                }
            }

            // They are the answer's first tokens, each once, and spell no less than its text; the last may reach into the stop string, no token lies wholly in it.
            Assert.Equal(tokens.Take(found.Count), found.Select(token => token.TokenId));
            Assert.Equal(found.Select(token => (float)-token.TokenId), found.Select(token => token.LogProbability));
            Assert.All(found, token => Assert.Equal([(0, 0f), (1, -1f)], token.Alternatives.Select(other => (other.TokenId, other.LogProbability))));
            Assert.All(found, token => Assert.Equal(token.Token, Encoding.UTF8.GetString(token.Bytes.Span)));
            string spelled = Encoding.UTF8.GetString([.. found.Where(token => token.TokenId != special).SelectMany(token => token.Bytes.ToArray())]);
            string whole = tokenizer.Decode(tokens, skipSpecialTokens: true);
            if (text.Length == whole.Length)
            {
                Assert.Equal((text.ToString(), tokens.Count), (spelled, Math.Max(found.Count, stops.Any(stop => whole.Contains(stop, StringComparison.Ordinal)) ? tokens.Count : 0)));
            }
            else
            {
                cut++;
                Assert.StartsWith(text.ToString(), spelled, StringComparison.Ordinal);
                if (found.Count > 0) Assert.True(found[^1].TextOffset < text.Length || text.Length == 0);
                if (spelled.Length > text.Length) held++;
            }

            ChatResponse response = await client.GetResponseAsync("x", options, Token);
            Assert.Equal((text.ToString(), found.Count), (response.Text, response.GetLogProbabilities()?.Count ?? 0));
        }

        Assert.True(cut > 50 && held > 10, $"{cut} answers were cut, {held} of them within a token");
    }

    [Fact]
    public async Task Response_TokensWithoutText_ComeInTheEnd()
    {
        using CausalLanguageModel model = ChatModels.Model();
        // "yes ", and the first of the two bytes of é, which the limit cuts.
        int[] tokens = [.. ChatModels.Bytes("yes é")[..^1]];
        using LongContextChatClient client = ChatModels.Scripted(model, new ScriptedGenerator(tokens), format: ChatModels.Format);
        var options = new ChatOptions { MaxOutputTokens = tokens.Length, AdditionalProperties = new() { [ChatOptionKeys.LogProbabilities] = true } };
        ChatResponse response = await client.GetResponseAsync("x", options, Token);
        Assert.Equal("yes ", response.Text);
        Assert.Equal(tokens, response.GetLogProbabilities()!.Select(token => token.TokenId));
        Assert.Equal(("\uFFFD", 4), (response.GetLogProbabilities()![^1].Token, response.GetLogProbabilities()![^1].TextOffset));
        Assert.Equal([0xC3], response.GetLogProbabilities()![^1].Bytes.ToArray());
        Assert.Null((await client.GetResponseAsync("x", null, Token)).GetLogProbabilities());
    }

    [Fact]
    public async Task Response_OfWords_HasTheirTexts()
    {
        string[] words = [.. Enumerable.Range(0, TinyModels.Vocabulary).Select(i => i switch { 0 => "<unk>", 1 => "<s>", 2 => "</s>", _ => "w" + i })];
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.CreateWordLevel(words, "<unk>", "<s>", "</s>");
        using CausalLanguageModel model = TinyModels.Create();
        using var client = new LongContextChatClient(model, tokenizer);
        ChatResponse response = await client.GetResponseAsync("w5 w9 w7", new ChatOptions
        {
            MaxOutputTokens = 8, AdditionalProperties = new() { [ChatOptionKeys.LogProbabilities] = true, [ChatOptionKeys.IgnoreEndOfSentence] = true, [ChatOptionKeys.LogitBias] = new Dictionary<int, float> { [0] = -100, [1] = -100, [2] = -100 } },
        }, Token);
        Assert.Equal(response.Text, string.Concat(response.GetLogProbabilities()!.Select(token => token.Token)));
    }
}
