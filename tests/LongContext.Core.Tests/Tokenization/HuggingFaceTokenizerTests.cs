using System.Buffers;
using System.Text.Json.Nodes;
using LongContext.TestSupport;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Core.Tests.Tokenization;

public sealed class HuggingFaceTokenizerTests
{
    private static readonly string[] s_pieces = ["▁", "a", "b", "c", "ab", "▁ab"];
    private static readonly HuggingFaceTokenizer s_tokenizer = TinyTokenizer.Load(
        TinyTokenizer.Llama(s_pieces, "a b", "▁ ab"),
        """{"bos_token": {"content": "<s>", "special": true}, "eos_token": "</s>", "pad_token": null}""");

    [Fact]
    public void Load_ConfigWithBothForms_NamesTheSpecialTokens()
    {
        Assert.Equal(("<s>", 1), (s_tokenizer.BeginningOfSentenceToken, s_tokenizer.BeginningOfSentenceId));
        Assert.Equal(("</s>", 2), (s_tokenizer.EndOfSentenceToken, s_tokenizer.EndOfSentenceId));
        Assert.Equal("<unk>", s_tokenizer.UnknownToken);
        Assert.True(s_tokenizer.IsSpecialToken(1));
        Assert.False(s_tokenizer.IsSpecialToken(3));
        Assert.Equal(259 + s_pieces.Length, s_tokenizer.VocabularySize);
    }

    [Fact]
    public void Encode_SpecialTokensInText_CutIt()
    {
        Assert.Equal(["<s>", "▁ab", "</s>", "▁", "c"], Tokens(s_tokenizer.Encode("ab</s>c")));
        Assert.Equal(["<s>", "<s>", "</s>"], Tokens(s_tokenizer.Encode("<s></s>")));
    }

    [Fact]
    public void EncodeToTokens_Text_OffsetsSpellTheNormalizedText()
    {
        IReadOnlyList<EncodedToken> tokens = s_tokenizer.EncodeToTokens("ab c</s>é ab", out string? normalized);
        Assert.Equal("▁ab▁c</s>▁é▁ab", normalized);
        Assert.Equal(["▁ab", "▁", "c", "</s>", "▁", "<0xC3>", "<0xA9>", "▁ab"], tokens.Select(token => token.Value));
        Assert.Equal(["▁ab", "▁", "c", "</s>", "▁", "é", "é", "▁ab"], tokens.Select(token => normalized![token.Offset]));
    }

    [Fact]
    public void EncodeToTokens_WithoutNormalization_RefersToTheText()
    {
        IReadOnlyList<EncodedToken> tokens = s_tokenizer.EncodeToTokens("abc", out string? normalized, considerNormalization: false);
        Assert.Null(normalized);
        Assert.Equal(["ab", "c"], tokens.Select(token => "abc"[token.Offset]));
    }

    [Theory]
    [InlineData(1, 1, 3)] // ▁ab | é in two bytes | c
    [InlineData(2, 1, 3)] // the second token would be half of é
    [InlineData(3, 3, 4)]
    [InlineData(4, 4, 5)]
    [InlineData(9, 4, 5)]
    public void EncodeToIds_MaxTokenCount_EndsAtACharacter(int limit, int count, int consumed)
    {
        IReadOnlyList<int> ids = s_tokenizer.EncodeToIds("abéc", limit, out string? normalized, out int charsConsumed);
        Assert.Equal("▁abéc", normalized);
        Assert.Equal((count, consumed), (ids.Count, charsConsumed));
        Assert.Equal(s_tokenizer.EncodeToIds("abéc").Take(count), ids);
        Assert.Equal(consumed, s_tokenizer.GetIndexByTokenCount("abéc", limit, out _, out int tokenCount));
        Assert.Equal(count, tokenCount);
    }

    [Theory]
    [InlineData(1, 1, 4)]
    [InlineData(2, 1, 4)]
    [InlineData(3, 3, 3)]
    [InlineData(4, 4, 0)]
    [InlineData(9, 4, 0)]
    public void GetIndexByTokenCountFromEnd_Limit_StartsAtACharacter(int limit, int count, int index)
    {
        Assert.Equal(index, s_tokenizer.GetIndexByTokenCountFromEnd("abéc", limit, out string? normalized, out int tokenCount));
        Assert.Equal(("▁abéc", count), (normalized, tokenCount));
    }

    [Fact]
    public void Encode_HalfSurrogatePair_CountsAsReplacementCharacter() => HalfSurrogates.AssertCountAsReplacementCharacter(s_tokenizer);

    [Fact]
    public void Decode_SkipSpecialTokens_LeavesThemOut()
    {
        int[] ids = [.. s_tokenizer.Encode("ab c"), 2, 1_000_000];
        Assert.Equal("ab c", s_tokenizer.Decode(ids, skipSpecialTokens: true));
        Assert.Equal("<s> ab c</s>", s_tokenizer.Decode(ids));
        Assert.Throws<ArgumentOutOfRangeException>(() => s_tokenizer.Decode([-100]));
    }

    [Fact]
    public void Decode_IntoSpanOfAnySize_WritesWholeTokensOnly()
    {
        int[] ids = s_tokenizer.Encode("ab é🙂 abc", addSpecialTokens: false);
        string whole = s_tokenizer.Decode(ids);
        for (int size = 0; size <= whole.Length + 1; size++)
        {
            var destination = new char[size];
            OperationStatus status = s_tokenizer.Decode(ids, destination, out int consumed, out int written);
            Assert.Equal(size >= whole.Length ? OperationStatus.Done : OperationStatus.DestinationTooSmall, status);
            Assert.Equal(s_tokenizer.Decode(ids.Take(consumed)), new string(destination, 0, written));
            Assert.StartsWith(new string(destination, 0, written), whole, StringComparison.Ordinal);
            Assert.True(consumed == ids.Length || s_tokenizer.Decode(ids.Take(consumed + 1)) is var next && (next.Length > size || next.Contains('\ufffd', StringComparison.Ordinal)));
        }
    }

    [Fact]
    public void Decode_BytesThatAreNoText_GiveOneReplacementCharacterEach()
    {
        int Byte(int value) => s_tokenizer.TryGetTokenId($"<0x{value:X2}>", out int id) ? id : -1;
        Assert.Equal("\ufffd\ufffda\ufffd", s_tokenizer.Decode([Byte(0xE4), Byte(0xBD), Id("a"), Byte(0xFF)]));
        Assert.Equal("你a", s_tokenizer.Decode([Byte(0xE4), Byte(0xBD), Byte(0xA0), Id("a")]));
    }

    [Fact]
    public void Save_LoadedFolder_WritesTheSameFiles()
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        string json = TinyTokenizer.Llama(s_pieces, "a b").ToJsonString();
        File.WriteAllText(folder["tokenizer.json"], json);
        HuggingFaceTokenizer tokenizer = HuggingFaceTokenizer.Load(folder.Path);
        tokenizer.Save(folder["copy"]);
        tokenizer.Save(folder["copy"]);
        Assert.Equal(["tokenizer.json"], Directory.GetFiles(folder["copy"]).Select(Path.GetFileName));
        Assert.Equal(json, File.ReadAllText(Path.Combine(folder["copy"], "tokenizer.json")));
    }

    [Fact]
    public void TryGetTokenId_UnknownText_IsFalse()
    {
        Assert.False(s_tokenizer.TryGetTokenId("nothing", out _));
        Assert.True(s_tokenizer.TryGetTokenId("</s>", out int id));
        Assert.Equal("</s>", s_tokenizer.GetToken(id));
        Assert.Throws<ArgumentOutOfRangeException>(() => s_tokenizer.GetToken(s_tokenizer.VocabularySize));
        Assert.Throws<ArgumentOutOfRangeException>(() => s_tokenizer.GetToken(-1));
    }

    [Theory]
    [InlineData("lstrip", "a <x> b", "▁|a|<x>|▁|▁|b")]
    [InlineData("rstrip", "a <x> b", "▁|a|▁|<x>|▁|b")]
    [InlineData("normalized", "a<x>b", "▁|a|<0x3C>|<0x78>|<0x3E>|b")] // looked for as "▁<x>"
    [InlineData("normalized", "a <x>b", "▁|a|<x>|b")]
    [InlineData("single_word", "a<x>b <x>", "▁|a|<0x3C>|<0x78>|<0x3E>|b|▁|<x>")]
    public void Encode_AddedTokenWithAFlag_FollowsIt(string flag, string text, string expected)
    {
        JsonObject json = TinyTokenizer.Llama(s_pieces);
        int id = 259 + s_pieces.Length;
        ((JsonArray)json["added_tokens"]!).Add(TinyTokenizer.Added(id, "<x>", flag));
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal(expected, string.Join('|', tokenizer.EncodeToIds(text).Select(tokenizer.GetToken)));
    }

    [Fact]
    public void Encode_AddedTokensWithACommonStart_TakesTheLongest()
    {
        JsonObject json = TinyTokenizer.Llama(s_pieces);
        int id = 259 + s_pieces.Length;
        ((JsonArray)json["added_tokens"]!).Add(TinyTokenizer.Added(id, "<s>s"));
        ((JsonArray)json["added_tokens"]!).Add(TinyTokenizer.Added(id + 1, "s>"));
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        Assert.Equal([id, id + 1, 1], tokenizer.EncodeToIds("<s>ss><s>"));
    }

    private static int Id(string token) => s_tokenizer.TryGetTokenId(token, out int id) ? id : throw new ArgumentException(token);

    private static IEnumerable<string> Tokens(IEnumerable<int> ids) => ids.Select(s_tokenizer.GetToken);
}
