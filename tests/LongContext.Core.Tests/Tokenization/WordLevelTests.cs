using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

public sealed class WordLevelTests
{
    private static readonly string[] s_words = ["<unk>", "<s>", "</s>", "repeat", "the", "Ω", "\"quoted\""];

    [Fact]
    public void CreateWordLevel_Text_GivesTheWordsIds()
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.CreateWordLevel(s_words, "<unk>", "<s>", "</s>");
        Assert.Equal([1, 3, 4, 0, 5, 6, 2], tokenizer.Encode("repeat  the\tother\u3000Ω \"quoted\" </s>\n"));
        Assert.Equal([4], tokenizer.EncodeToIds(" the "));
        Assert.Equal([], tokenizer.EncodeToIds(" "));
        Assert.Equal("<s> repeat the Ω", tokenizer.Decode([1, 3, 4, 5]));
        Assert.Equal("repeat the", tokenizer.Decode([1, 3, 4, 2], skipSpecialTokens: true));
        Assert.Equal((7, "<unk>", "<s>", "</s>"), (tokenizer.VocabularySize, tokenizer.UnknownToken, tokenizer.BeginningOfSentenceToken, tokenizer.EndOfSentenceToken));
    }

    [Fact]
    public void CreateWordLevel_EveryId_RoundTrips()
    {
        string[] words = ["?", .. Enumerable.Range(0, 511).Select(i => $"w{i}")];
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.CreateWordLevel(words, "?", null, null);
        int[] ids = [.. Enumerable.Range(0, 512)];
        Assert.Equal(ids, tokenizer.Encode(tokenizer.Decode(ids)));
        Assert.Null(tokenizer.BeginningOfSentenceId);
        Assert.Null(tokenizer.EndOfSentenceId);
    }

    [Fact]
    public void Save_WordLevel_LoadsAsTheSame()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        HuggingFaceTokenizer made = HuggingFaceTokenizer.CreateWordLevel(s_words, "<unk>", "<s>", "</s>");
        made.Save(folder["model"]);
        HuggingFaceTokenizer loaded = HuggingFaceTokenizer.Load(folder["model"]);
        const string text = "repeat \"quoted\" Ω none";
        Assert.Equal(made.Encode(text), loaded.Encode(text));
        Assert.Equal((1, 2, "<unk>"), (loaded.BeginningOfSentenceId, loaded.EndOfSentenceId, loaded.UnknownToken));
        Assert.Equal(2, Directory.GetFiles(folder["model"]).Length);
    }

    [Theory]
    [InlineData(new[] { "a", "" }, "a", null, "Word 1 is \"\"")]
    [InlineData(new[] { "a", "b c" }, "a", null, "Word 1 is \"b c\"")]
    [InlineData(new[] { "a", "b", "a" }, "a", null, "\"a\" stands at 0 and at 2")]
    [InlineData(new[] { "a" }, "b", null, "\"b\" is not among the 1 words")]
    [InlineData(new[] { "a" }, "a", "<s>", "\"<s>\" is not among the 1 words")]
    public void CreateWordLevel_BadWords_Throws(string[] words, string unknown, string? begin, string reason)
    {
        var fault = Assert.Throws<ArgumentException>(() => HuggingFaceTokenizer.CreateWordLevel(words, unknown, begin, null));
        Assert.Contains(reason, fault.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void EncodeToTokens_Words_OffsetsPointAtThem()
    {
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.CreateWordLevel(s_words, "<unk>", null, null);
        const string text = "  repeat no the ";
        Assert.Equal(["repeat", "no", "the"], tokenizer.EncodeToTokens(text, out string? normalized).Select(token => text[token.Offset]));
        Assert.Null(normalized);
    }
}
