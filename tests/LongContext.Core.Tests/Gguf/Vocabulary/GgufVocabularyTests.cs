using System.Text.Json.Nodes;
using LongContext.Core.Tests.Tokenization;
using LongContext.Gguf;
using LongContext.Gguf.Vocabulary;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Gguf.Vocabulary;

public sealed class GgufVocabularyTests
{
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private static readonly string Qwen2 = Llama3.Replace("{1,3}", "", StringComparison.Ordinal);

    [Fact]
    public void WriteTo_LlamaArrangement_IsSentencePiece()
    {
        const string Config = """{"eos_token": {"content": "</s>"}, "unk_token": "<unk>", "pad_token": "b"}""";
        GgufMetadata metadata = Write(TinyTokenizer.Llama(["▁", "a", "b", "ab", "▁ab"], "a b", "▁ ab"), size: 270, Config);
        Assert.Equal("llama", metadata.Get<string>("tokenizer.ggml.model"));
        Assert.Equal("default", metadata.Get<string>("tokenizer.ggml.pre"));
        Assert.True(metadata.Get<bool>("tokenizer.ggml.add_space_prefix"));
        Assert.True(metadata.Get<bool>("tokenizer.ggml.add_bos_token"));
        Assert.False(metadata.Get<bool>("tokenizer.ggml.add_eos_token"));
        string[] tokens = metadata.Get<string[]>("tokenizer.ggml.tokens");
        Assert.Equal(["<unk>", "<s>", "</s>", "<0x00>"], tokens[..4]);
        Assert.Equal(["▁", "a", "b", "ab", "▁ab", "[PAD264]"], tokens[259..265]);
        int[] types = metadata.Get<int[]>("tokenizer.ggml.token_type");
        Assert.Equal([2, 3, 3, 6], types[..4]);
        Assert.Equal([1, 1, 1, 1, 1, 5], types[259..265]);
        Assert.Equal([0, -1], metadata.Get<float[]>("tokenizer.ggml.scores")[262..264]);
        Assert.Equal(1u, metadata.Get<uint>("tokenizer.ggml.bos_token_id"));
        Assert.Equal(2u, metadata.Get<uint>("tokenizer.ggml.eos_token_id"));
        Assert.Equal(7u, metadata.Get<uint>("tokenizer.ggml.eot_token_id")); // the one that the config ends texts with beside the tokenizer's
        Assert.Equal(0u, metadata.Get<uint>("tokenizer.ggml.unknown_token_id"));
        Assert.Equal(261u, metadata.Get<uint>("tokenizer.ggml.padding_token_id"));
    }

    [Fact]
    public void WriteTo_NamesNothing_TakesTheModelConfigsIds()
    {
        JsonObject tokenizer = TinyTokenizer.Llama(["▁"], []);
        tokenizer["post_processor"] = null;
        GgufMetadata metadata = Write(tokenizer, size: 260);
        Assert.Equal(5u, metadata.Get<uint>("tokenizer.ggml.bos_token_id"));
        Assert.Equal(7u, metadata.Get<uint>("tokenizer.ggml.eos_token_id"));
        Assert.False(metadata.Get<bool>("tokenizer.ggml.add_bos_token"));
        Assert.False(metadata.ContainsKey("tokenizer.ggml.padding_token_id"));
    }

    [Fact]
    public void WriteTo_AddedRunsOfSpaces_HaveTheScoresOfTheirMerges()
    {
        // As in Gemma: the run is an added token and a piece of the model; "xy" is cut out of the text, so that no merge need lead to it.
        JsonObject tokenizer = TinyTokenizer.Llama(["▁", "a", "x", "y", "▁a", "▁▁", "xy"], "▁ a", "▁ ▁");
        tokenizer["added_tokens"]!.AsArray().Add((JsonNode)new JsonObject { ["id"] = 264, ["content"] = "▁▁", ["special"] = false });
        tokenizer["added_tokens"]!.AsArray().Add((JsonNode)new JsonObject { ["id"] = 265, ["content"] = "xy", ["special"] = false });
        GgufMetadata metadata = Write(tokenizer, size: 266);
        Assert.Equal([1, 4, 4], metadata.Get<int[]>("tokenizer.ggml.token_type")[263..266]);
        Assert.Equal([0, -1], metadata.Get<float[]>("tokenizer.ggml.scores")[263..265]);

        tokenizer["added_tokens"]!.AsArray().RemoveAt(4);
        Assert.Contains("\"xy\"", Assert.Throws<NotSupportedException>(() => Write(tokenizer, size: 266)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData(true, "llama-bpe")]
    [InlineData(false, "dbrx")]
    public void WriteTo_ByteLevelWithLlama3Pattern_IsNamedByIgnoreMerges(bool ignoreMerges, string name) =>
        Assert.Equal(name, Write(ByteLevel(Llama3, ignoreMerges), size: 4).Get<string>("tokenizer.ggml.pre"));

    [Fact]
    public void WriteTo_ByteLevel_HasMergesAndUserTokens()
    {
        JsonObject tokenizer = ByteLevel(Qwen2, ignoreMerges: false);
        tokenizer["added_tokens"] = JsonNode.Parse("""[{"id": 3, "content": "<|im_end|>", "special": true}, {"id": 4, "content": "<think>", "special": false}]""");
        GgufMetadata metadata = Write(tokenizer, size: 5);
        Assert.Equal("gpt2", metadata.Get<string>("tokenizer.ggml.model"));
        Assert.Equal("qwen2", metadata.Get<string>("tokenizer.ggml.pre"));
        Assert.Equal(["a b"], metadata.Get<string[]>("tokenizer.ggml.merges"));
        Assert.Equal([1, 1, 1, 3, 4], metadata.Get<int[]>("tokenizer.ggml.token_type"));
        Assert.False(metadata.Get<bool>("tokenizer.ggml.add_bos_token"));
        Assert.False(metadata.ContainsKey("tokenizer.ggml.scores"));
    }

    [Theory]
    [InlineData("""{"type": "ByteLevel", "add_prefix_space": false}""", "gpt-2")]
    [InlineData("""{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel", "add_prefix_space": false}]}""", "smollm")]
    public void WriteTo_ByteLevelAlone_IsNamed(string splitter, string name)
    {
        JsonObject tokenizer = ByteLevel(Qwen2, ignoreMerges: false);
        tokenizer["pre_tokenizer"] = JsonNode.Parse(splitter);
        Assert.Equal(name, Write(tokenizer, size: 4).Get<string>("tokenizer.ggml.pre"));
    }

    [Theory]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "x+y"}, "behavior": "Isolated"}, {"type": "ByteLevel", "add_prefix_space": false, "use_regex": false}]}""", "x+y")]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "Punctuation"}, {"type": "ByteLevel", "add_prefix_space": false}]}""", "Punctuation, ByteLevel")]
    [InlineData("pre_tokenizer", """{"type": "ByteLevel", "add_prefix_space": true}""", "add_prefix_space")]
    [InlineData("pre_tokenizer", """{"type": "BertPreTokenizer"}""", "byte_fallback or ByteLevel")]
    [InlineData("normalizer", """{"type": "Lowercase"}""", "\"Lowercase\"")]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "ByteLevel", "add_prefix_space": false}, {"type": "Whitespace"}]}""", "ByteLevel, Whitespace")]
    [InlineData("normalizer", """{"type": "Sequence", "normalizers": [{"type": "NFC"}, {"type": "NFKD"}]}""", "\"NFKD\"")]
    [InlineData("normalizer", """{"type": "ByteLevel"}""", "\"ByteLevel\"")]
    [InlineData("post_processor", """{"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "x"}}, {"Sequence": {"id": "A"}}], "special_tokens": {"x": {"ids": [0, 1]}}}""", "a second token on one side")]
    public void WriteTo_PartWithoutCounterpart_ThrowsItsName(string field, string value, string expected)
    {
        JsonObject tokenizer = ByteLevel(Qwen2, ignoreMerges: false);
        tokenizer[field] = JsonNode.Parse(value);
        Assert.Contains(expected, Assert.Throws<NotSupportedException>(() => Write(tokenizer, size: 4)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteTo_RobertaProcessing_IsTokensBeforeAndAfter()
    {
        JsonObject tokenizer = ByteLevel(Qwen2, ignoreMerges: false);
        tokenizer["post_processor"] = JsonNode.Parse("""{"type": "RobertaProcessing", "sep": ["b", 1], "cls": ["a", 0]}""");
        GgufMetadata metadata = Write(tokenizer, size: 4);
        Assert.True(metadata.Get<bool>("tokenizer.ggml.add_bos_token"));
        Assert.True(metadata.Get<bool>("tokenizer.ggml.add_eos_token"));
        Assert.Equal((0u, 1u), (metadata.Get<uint>("tokenizer.ggml.bos_token_id"), metadata.Get<uint>("tokenizer.ggml.eos_token_id")));
    }

    [Theory]
    [InlineData("""{"type": "NFKC"}""", null, "NFKC")]
    [InlineData("""{"type": "Prepend", "prepend": "▁"}""", null, "leaves spaces")]
    [InlineData(null, """{"type": "Metaspace", "replacement": "_", "split": false}""", "_")]
    [InlineData(null, """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "often", "split": false}""", "often")]
    [InlineData(null, """{"type": "Metaspace", "replacement": "▁"}""", "\"a▁\"")]
    public void WriteTo_SpacesOtherwise_ThrowsItsName(string? normalizer, string? splitter, string expected)
    {
        JsonObject tokenizer = TinyTokenizer.Llama(["▁", "a", "a▁"], "a ▁");
        tokenizer["normalizer"] = normalizer is null ? null : JsonNode.Parse(normalizer);
        tokenizer["pre_tokenizer"] = splitter is null ? null : JsonNode.Parse(splitter);
        Assert.Contains(expected, Assert.Throws<NotSupportedException>(() => Write(tokenizer, size: 270)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}""", null, false)]
    [InlineData("""{"type": "Replace", "pattern": {"String": " "}, "content": "▁"}""", """{"type": "Split", "pattern": {"String": " "}, "behavior": "MergedWithPrevious"}""", false)]
    [InlineData(null, """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "never", "split": false}""", false)]
    [InlineData(null, """{"type": "Metaspace", "replacement": "▁", "prepend_scheme": "first", "split": false}""", true)]
    [InlineData(null, """{"type": "Metaspace", "replacement": "▁", "add_prefix_space": true, "split": false}""", true)]
    public void WriteTo_Spaces_PrefixAsTheyAreWritten(string? normalizer, string? splitter, bool prefix)
    {
        JsonObject tokenizer = TinyTokenizer.Llama(["▁", "a"], []);
        tokenizer["normalizer"] = normalizer is null ? null : JsonNode.Parse(normalizer);
        tokenizer["pre_tokenizer"] = splitter is null ? null : JsonNode.Parse(splitter);
        Assert.Equal(prefix, Write(tokenizer, size: 270).Get<bool>("tokenizer.ggml.add_space_prefix"));
    }

    [Fact]
    public void New_IdBeyondTheEmbedding_Throws()
    {
        JsonObject tokenizer = ByteLevel(Qwen2, ignoreMerges: false);
        tokenizer["added_tokens"] = JsonNode.Parse("""[{"id": 3, "content": "x"}]""");
        Assert.Contains(
            "\"x\" has id 3, but the model has 3 rows", Assert.Throws<InvalidDataException>(() => Write(tokenizer, size: 3)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_WordLevel_Throws()
    {
        HuggingFaceTokenizer words = HuggingFaceTokenizer.CreateWordLevel(["<unk>", "a"], "<unk>", null, null);
        Assert.Contains("\"WordLevel\"", Assert.Throws<NotSupportedException>(() => new GgufVocabulary(words, 2)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void New_MissingByteOrAffixes_Throws()
    {
        JsonObject missing = TinyTokenizer.Llama(["▁"], []);
        missing["model"]!["vocab"]!.AsObject().Remove("<0xFF>");
        missing["model"]!["vocab"]!["x"] = 258;
        Assert.Contains("255 tokens of the form <0x00>", Assert.Throws<InvalidDataException>(() => Write(missing, size: 260)).Message, StringComparison.Ordinal);
        JsonObject affixes = TinyTokenizer.Llama(["▁"], []).With("end_of_word_suffix", "</w>");
        Assert.Contains("\"</w>\"", Assert.Throws<NotSupportedException>(() => Write(affixes, size: 260)).Message, StringComparison.Ordinal);
    }

    [Fact]
    public void WriteTo_TokenizerModel_HasItsScoresKindsAndIds()
    {
        SentencePieceFile file = SentencePieceFile.OfPieces("▁", "a", "b", "ab");
        file.Pieces.Add(("xy", 0, SentencePieceFile.UserDefined));
        file.Pieces[260] = ("a", -3.25f, SentencePieceFile.Normal);
        file.PaddingId = 261;
        GgufMetadata metadata = Write(file, """{"added_tokens_decoder": {"264": {"content": "<|x|>", "special": true}}}""", size: 266);
        Assert.Equal("llama", metadata.Get<string>("tokenizer.ggml.model"));
        Assert.Equal("default", metadata.Get<string>("tokenizer.ggml.pre"));
        Assert.Equal(["<0xFF>", "▁", "a", "b", "ab", "xy", "<|x|>", "[PAD265]"], metadata.Get<string[]>("tokenizer.ggml.tokens")[258..]);
        Assert.Equal([0, 0, -3.25f, -2, -3, 0, -1_000, -10_000], metadata.Get<float[]>("tokenizer.ggml.scores")[258..]);
        Assert.Equal([6, 1, 1, 1, 1, 4, 3, 5], metadata.Get<int[]>("tokenizer.ggml.token_type")[258..]);
        Assert.Equal([2, 3, 3, 6], metadata.Get<int[]>("tokenizer.ggml.token_type")[..4]);
        Assert.True(metadata.Get<bool>("tokenizer.ggml.add_space_prefix"));
        Assert.True(metadata.Get<bool>("tokenizer.ggml.add_bos_token"));
        Assert.False(metadata.Get<bool>("tokenizer.ggml.add_eos_token"));
        Assert.Equal(
            [1u, 2u, 0u, 261u],
            new[] { "bos", "eos", "unknown", "padding" }.Select(role => metadata.Get<uint>($"tokenizer.ggml.{role}_token_id")));
    }

    [Theory]
    [InlineData(true, null, true)]
    [InlineData(false, null, false)]
    [InlineData(true, """{"add_prefix_space": false}""", false)]
    [InlineData(true, """{"legacy": false}""", true)]
    public void WriteTo_TokenizerModel_PrefixAsItIsWritten(bool dummyPrefix, string? config, bool prefix)
    {
        SentencePieceFile file = SentencePieceFile.OfPieces("▁", "a");
        file.AddDummyPrefix = dummyPrefix;
        Assert.Equal(prefix, Write(file, config, size: 261).Get<bool>("tokenizer.ggml.add_space_prefix"));
    }

    [Fact]
    public void WriteTo_TokenizerModelWithoutCounterpart_ThrowsItsName()
    {
        SentencePieceFile blanks = SentencePieceFile.OfPieces("▁", "a"), bytes = SentencePieceFile.OfPieces("▁", "a");
        blanks.RemoveExtraWhitespaces = true;
        bytes.ByteFallback = false;
        Assert.Contains("remove_extra_whitespaces", Assert.Throws<NotSupportedException>(() => Write(blanks, null, size: 261)).Message, StringComparison.Ordinal);
        Assert.Contains("byte_fallback", Assert.Throws<NotSupportedException>(() => Write(bytes, null, size: 261)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"chat_template": "plain"}""", null, "plain")]
    [InlineData("""{"chat_template": [{"name": "tool_use", "template": "t"}, {"name": "default", "template": "d"}]}""", null, "d")]
    [InlineData("""{"chat_template": "plain"}""", "jinja", "jinja")]
    public void ChatTemplates_WhereverTheyAre_AreFound(string config, string? jinja, string expected)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["tokenizer_config.json"], config);
        if (jinja is not null) File.WriteAllText(folder["chat_template.jinja"], jinja);
        Assert.Equal(expected, GgufChatTemplates.Read(folder.Path)["default"]);
    }

    private static JsonObject ByteLevel(string pattern, bool ignoreMerges)
    {
        JsonObject tokenizer = TinyTokenizer.Bpe(["a", "b", "ab"], ["a b"], ignoreMerges: ignoreMerges);
        tokenizer["pre_tokenizer"] = new JsonObject
        {
            ["type"] = "Sequence",
            ["pretokenizers"] = new JsonArray(
                new JsonObject { ["type"] = "Split", ["pattern"] = new JsonObject { ["Regex"] = pattern }, ["behavior"] = "Isolated", ["invert"] = false },
                new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["use_regex"] = false }),
        };
        return tokenizer;
    }

    private static GgufMetadata Write(JsonObject tokenizer, int size, string? config = null) => Write(TinyTokenizer.Load(tokenizer, config), size);

    private static GgufMetadata Write(SentencePieceFile file, string? config, int size)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllBytes(folder["tokenizer.model"], file.ToBytes());
        if (config is not null) File.WriteAllText(folder["tokenizer_config.json"], config);
        return Write(HuggingFaceTokenizer.Load(folder.Path), size);
    }

    private static GgufMetadata Write(HuggingFaceTokenizer tokenizer, int size)
    {
        var vocabulary = new GgufVocabulary(tokenizer, size);
        var metadata = new GgufMetadata();
        vocabulary.WriteTo(metadata);
        vocabulary.WriteSpecialIds(metadata, beginning: 5, ends: [7, 2]);
        return metadata;
    }
}
