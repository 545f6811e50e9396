using System.Buffers;
using System.Text.Json.Nodes;
using LongContext.Tokenization;
using Microsoft.ML.Tokenizers;

namespace LongContext.Core.Tests.Tokenization;

public sealed class TokenStreamDecoderTests
{
    private static readonly HuggingFaceTokenizer s_tokenizer = TinyTokenizer.Load(TinyTokenizer.Llama(["▁", "a", "▁a", "▁▁"], "▁ a", "▁ ▁"));

    [Fact]
    public void Add_CharacterInBytes_AppearsWithItsLastToken()
    {
        var decoder = new TokenStreamDecoder(s_tokenizer);
        int[] ids = s_tokenizer.Encode("a🙂 a", addSpecialTokens: false);
        Assert.Equal(["a", "", "", "", "🙂", " a"], ids.Select(decoder.Add));
        Assert.Equal("", decoder.Flush());
    }

    [Theory]
    [InlineData("a a  aa")]
    [InlineData("  a")]
    [InlineData("日本語 a é🙂🙂 \ufffd a")]
    [InlineData("\n\n a\ufffd")]
    public void Add_AllTokens_SpellWhatDecodingAtOnceGives(string text)
    {
        var decoder = new TokenStreamDecoder(s_tokenizer, skipSpecialTokens: true);
        for (int round = 0; round < 2; round++)
            Assert.Equal(text, string.Concat(s_tokenizer.Encode(text).Select(decoder.Add)) + decoder.Flush());
    }

    [Fact]
    public void Add_SpecialTokens_AreLeftOutOrShown()
    {
        int[] ids = s_tokenizer.Encode("a</s> a");
        var without = new TokenStreamDecoder(s_tokenizer, skipSpecialTokens: true);
        Assert.Equal(s_tokenizer.Decode(ids, skipSpecialTokens: true), string.Concat(ids.Select(without.Add)) + without.Flush());
        var with = new TokenStreamDecoder(s_tokenizer, skipSpecialTokens: false);
        Assert.Equal(s_tokenizer.Decode(ids), string.Concat(ids.Select(with.Add)) + with.Flush());
    }

    [Fact]
    public void Add_SpecialTokenThatTheNormalizerChanges_IsSkippedAsByDecode()
    {
        // Looked for and decoded as "x", which is not the text that is known as special; "Y" stays what it is.
        JsonObject json = TinyTokenizer.Bpe(["a", "X", "Y"], []);
        json["normalizer"] = JsonNode.Parse("""{"type": "Lowercase"}""");
        json["decoder"] = JsonNode.Parse("""{"type": "Fuse"}""");
        json["added_tokens"] = new JsonArray(TinyTokenizer.Added(1, "X", "normalized"), TinyTokenizer.Added(2, "Y"));
        HuggingFaceTokenizer tokenizer = TinyTokenizer.Load(json);
        foreach ((bool skip, string expected) in new[] { (true, "axa"), (false, "axYa") })
        {
            var decoder = new TokenStreamDecoder(tokenizer, skip);
            Assert.Equal(expected, tokenizer.Decode([0, 1, 2, 0], skip));
            Assert.Equal(expected, string.Concat(new[] { 0, 1, 2, 0 }.Select(decoder.Add)) + decoder.Flush());
        }
    }

    [Fact]
    public void Flush_UnfinishedCharacter_GivesReplacementCharacters()
    {
        var decoder = new TokenStreamDecoder(s_tokenizer);
        int[] ids = s_tokenizer.Encode("a🙂", addSpecialTokens: false)[..^1];
        Assert.Equal("a", string.Concat(ids.Select(decoder.Add)));
        Assert.Equal("\ufffd\ufffd\ufffd", decoder.Flush());
    }

    [Fact]
    public void Add_BytesWithoutEnd_AreGivenOutInTime()
    {
        var decoder = new TokenStreamDecoder(s_tokenizer);
        Assert.True(s_tokenizer.TryGetTokenId("<0xFF>", out int id));
        string text = string.Concat(Enumerable.Repeat(id, 100).Select(decoder.Add));
        Assert.InRange(text.Length, 80, 100);
        Assert.Equal(100, text.Length + decoder.Flush().Length);
    }

    [Fact]
    public void Add_WordLevel_PutsBlanksBetween()
    {
        var decoder = new TokenStreamDecoder(HuggingFaceTokenizer.CreateWordLevel(["?", "a", "b"], "?", null, null));
        Assert.Equal(["a", " b", " ?"], new[] { 1, 2, 0 }.Select(decoder.Add));
    }

    [Fact]
    public void Add_ManyIdsWithoutText_AreNotDecodedOverAndOver()
    {
        var tokenizer = new ByteTokenizer();
        var decoder = new TokenStreamDecoder(tokenizer);
        byte[] text = "aé😀 b"u8.ToArray();
        // Between any two bytes many tokens that say nothing.
        string added = string.Concat(text.SelectMany(b => Enumerable.Repeat(0, 1_000).Append(b)).Select(id => decoder.Add(id)));
        Assert.Equal("aé😀 b", added + decoder.Flush());
        Assert.InRange(tokenizer.Decoded, 1_000, text.Length * 1_000 * 16);
    }

    /// <summary>A byte an id, and 0 without text, which its users cannot know.</summary>
    private sealed class ByteTokenizer : Tokenizer
    {
        public long Decoded { get; private set; }

        public override OperationStatus Decode(IEnumerable<int> ids, Span<char> destination, out int idsConsumed, out int charsWritten)
        {
            int[] all = [.. ids];
            Decoded += all.Length;
            string text = System.Text.Encoding.UTF8.GetString([.. all.Where(id => id > 0).Select(id => (byte)id)]);
            (idsConsumed, charsWritten) = (all.Length, text.Length);
            if (text.Length > destination.Length)
            {
                (idsConsumed, charsWritten) = (0, 0);
                return OperationStatus.DestinationTooSmall;
            }

            text.CopyTo(destination);
            return OperationStatus.Done;
        }

        protected override EncodeResults<EncodedToken> EncodeToTokens(string? text, ReadOnlySpan<char> textSpan, EncodeSettings settings) => throw new NotSupportedException();
    }

    [Fact]
    public void Add_IdBeyondTheVocabulary_GivesNothing()
    {
        var decoder = new TokenStreamDecoder(s_tokenizer);
        Assert.Equal("", decoder.Add(1_000_000));
        Assert.Throws<ArgumentOutOfRangeException>(() => decoder.Add(-1));
    }
}
