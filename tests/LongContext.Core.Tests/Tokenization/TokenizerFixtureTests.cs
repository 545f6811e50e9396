using System.Text.Json;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>Ids and text as Hugging Face's own tokenizers give them.</summary>
[Trait(FixtureTraits.Name, FixtureTraits.Tokenizers)]
public sealed class TokenizerFixtureTests
{
    public static IEnumerable<TheoryDataRow<string>> Files => TestPaths.FixtureFiles("*.json", "hf", "tokenizers");

    [Theory]
    [MemberData(nameof(Files))]
    public void Encode_FixtureText_GivesTheSameIds(string file)
    {
        ForEachCase(file, (tokenizer, item, text) =>
        {
            Assert.Equal(Ids(item, "ids"), tokenizer.EncodeToIds(text));
            Assert.Equal(Ids(item, "ids"), tokenizer.Encode(text, addSpecialTokens: false));
            Assert.Equal(Ids(item, "ids_with_special"), tokenizer.Encode(text));
            Assert.Equal(Ids(item, "ids"), tokenizer.EncodeToTokens(text, out _).Select(token => token.Id));
            Assert.Equal(Ids(item, "ids").Length, tokenizer.CountTokens(text));
        });
    }

    [Theory]
    [MemberData(nameof(Files))]
    public void Decode_FixtureIds_GivesTheSameText(string file)
    {
        ForEachCase(file, (tokenizer, item, _) =>
        {
            string expected = item.GetProperty("decoded").GetString()!;
            Assert.Equal(expected, tokenizer.Decode(Ids(item, "ids")));

            var streamed = new TokenStreamDecoder(tokenizer);
            Assert.Equal(expected, string.Concat(Ids(item, "ids").Select(streamed.Add)) + streamed.Flush());
        });
    }

    [Fact]
    public void Encode_PretrainedModelsTexts_GivesTheSameIds()
    {
        string cases = TestPaths.RequireShared("models", "aidreams-260k.tokens.json");
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(TestPaths.RequireShared("models", "aidreams-260k"));
        int count = ForEach(cases, tokenizer, (_, item, text) => Assert.Equal(Ids(item, "ids"), tokenizer.EncodeToIds(text)));
        Assert.Equal(44, count);
        Assert.Equal(("<s>", 1, "</s>", 2), (tokenizer.BeginningOfSentenceToken, tokenizer.BeginningOfSentenceId, tokenizer.EndOfSentenceToken, tokenizer.EndOfSentenceId));
        Assert.Equal((512, "<unk>"), (tokenizer.VocabularySize, tokenizer.UnknownToken));
    }

    [Theory]
    [InlineData("llama2")]
    [InlineData("llama3_1")]
    [InlineData("qwen3")]
    public void Decode_WholeBookAsOneText_GivesItBack(string name)
    {
        string text = File.ReadAllText(TestPaths.RequireShared("data", "kjv.txt"));
        HuggingFaceTokenizer tokenizer = TokenizerFolders.Load(name);
        Assert.Equal(text, tokenizer.Decode(tokenizer.Encode(text), skipSpecialTokens: true));
    }

    private static void ForEachCase(string file, Action<HuggingFaceTokenizer, JsonElement, string> check)
    {
        HuggingFaceTokenizer tokenizer = TokenizerFolders.Load(Path.GetFileNameWithoutExtension(file));
        ForEach(Path.Combine(TestPaths.Fixtures, "hf", "tokenizers", file), tokenizer, check);
    }

    private static int ForEach(string path, HuggingFaceTokenizer tokenizer, Action<HuggingFaceTokenizer, JsonElement, string> check)
    {
        using JsonDocument document = JsonDocument.Parse(File.ReadAllText(path));
        int count = 0;
        foreach (JsonElement item in document.RootElement.GetProperty("cases").EnumerateArray())
        {
            check(tokenizer, item, item.GetProperty("text").GetString()!);
            count++;
        }

        Assert.NotEqual(0, count);
        return count;
    }

    private static int[] Ids(JsonElement item, string name) => [.. item.GetProperty(name).EnumerateArray().Select(id => id.GetInt32())];
}
