using System.Text.Json.Nodes;
using LongContext.Core.Tests.Tokenization;
using LongContext.Gguf;
using LongContext.Gguf.Vocabulary;
using LongContext.TestSupport;

namespace LongContext.Core.Tests.Gguf.Vocabulary;

public sealed class GgufVocabularyTests
{
    private const string Llama3 = @"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+";
    private static readonly string Qwen2 = Llama3.Replace("{1,3}", "", StringComparison.Ordinal);

    [Fact]
    public void WriteTo_LlamaArrangement_IsSentencePiece()
    {
        GgufMetadata metadata = Write(TinyTokenizer.Llama(["▁", "a", "b", "ab", "▁ab"], "a b", "▁ ab"), size: 270);
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
        Assert.False(metadata.ContainsKey("tokenizer.ggml.eot_token_id"));
        Assert.Equal(0u, metadata.Get<uint>("tokenizer.ggml.unknown_token_id"));
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
    [InlineData("""{"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": true}, {"type": "ByteLevel"}]}""", "smollm")]
    public void WriteTo_ByteLevelAlone_IsNamed(string splitter, string name)
    {
        JsonObject tokenizer = ByteLevel(Qwen2, ignoreMerges: false);
        tokenizer["pre_tokenizer"] = JsonNode.Parse(splitter);
        Assert.Equal(name, Write(tokenizer, size: 4).Get<string>("tokenizer.ggml.pre"));
    }

    [Theory]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "Split", "pattern": {"Regex": "x+y"}, "behavior": "Isolated"}, {"type": "ByteLevel", "use_regex": false}]}""", "x+y")]
    [InlineData("pre_tokenizer", """{"type": "Sequence", "pretokenizers": [{"type": "Punctuation"}, {"type": "ByteLevel"}]}""", "Punctuation, ByteLevel")]
    [InlineData("pre_tokenizer", """{"type": "ByteLevel", "add_prefix_space": true}""", "add_prefix_space")]
    [InlineData("pre_tokenizer", """{"type": "BertPreTokenizer"}""", "byte_fallback or ByteLevel")]
    [InlineData("normalizer", """{"type": "Lowercase"}""", "\"Lowercase\"")]
    [InlineData("post_processor", """{"type": "RobertaProcessing"}""", "\"RobertaProcessing\"")]
    public void WriteTo_PartWithoutCounterpart_ThrowsItsName(string field, string value, string expected)
    {
        JsonObject tokenizer = ByteLevel(Qwen2, ignoreMerges: false);
        tokenizer[field] = JsonNode.Parse(value);
        Assert.Contains(expected, Assert.Throws<NotSupportedException>(() => Write(tokenizer, size: 4)).Message, StringComparison.Ordinal);
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
    public void Read_IdBeyondTheEmbedding_Throws() => Assert.Contains(
        "has id 3, but the model has 3 rows",
        Assert.Throws<InvalidDataException>(() => Write(
            new JsonObject { ["added_tokens"] = JsonNode.Parse("""[{"id": 3, "content": "x"}]"""), ["pre_tokenizer"] = JsonNode.Parse("""{"type": "ByteLevel"}"""), ["model"] = TinyTokenizer.Bpe(["a"], [])["model"]!.DeepClone() }, size: 3)).Message,
        StringComparison.Ordinal);

    [Fact]
    public void Read_OtherModel_Throws()
    {
        JsonObject tokenizer = TinyTokenizer.Bpe(["a"], []).With("type", "Unigram");
        Assert.Contains("Unigram", Assert.Throws<NotSupportedException>(() => Write(tokenizer, size: 3)).Message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("""{"a": "0"}""", "token \"a\" has id \"0\"")]
    [InlineData("""{"a": -1}""", "has id -1")]
    [InlineData("""{"a": 1.5}""", "has id 1.5")]
    [InlineData("""{"a": 0, "b": 0}""", "id 0 is given twice")]
    [InlineData("""{"a": 0, "a": 1}""", "token \"a\" is given twice")]
    [InlineData("""{"\ud800": 0}""", "no Unicode text")]
    [InlineData("""[]""", "expected an object of tokens")]
    public void Read_DamagedVocabulary_ThrowsWhatAndWhere(string vocabulary, string expected)
    {
        byte[] json = System.Text.Encoding.UTF8.GetBytes($$$"""{"model": {"type": "BPE", "vocab": {{{vocabulary}}}, "merges": []}}""");
        string message = Assert.Throws<InvalidDataException>(() => TokenizerJson.Parse("tokenizer.json", json)).Message;
        Assert.StartsWith("tokenizer.json: model.vocab", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
    }

    [Theory]
    [InlineData("\"ab\"", "not two parts")]
    [InlineData("[\"a\"]", "has 1 parts, expected 2")]
    [InlineData("3", "expected a string")]
    public void Read_DamagedMerge_ThrowsWhatAndWhere(string merge, string expected)
    {
        byte[] json = System.Text.Encoding.UTF8.GetBytes($$$"""{"model": {"type": "BPE", "vocab": {}, "merges": [{{{merge}}}]}}""");
        string message = Assert.Throws<InvalidDataException>(() => TokenizerJson.Parse("tokenizer.json", json)).Message;
        Assert.StartsWith("tokenizer.json: model.merges[0]", message, StringComparison.Ordinal);
        Assert.Contains(expected, message, StringComparison.Ordinal);
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
        Assert.Equal(expected, TokenizerConfigJson.Read(folder.Path).ChatTemplates["default"]);
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

    private static GgufMetadata Write(JsonObject tokenizer, int size)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], tokenizer.ToJsonString());
        File.WriteAllText(folder["tokenizer_config.json"], """{"eos_token": {"content": "</s>"}, "unk_token": "<unk>"}""");
        GgufVocabulary vocabulary = GgufVocabulary.Read(folder.Path, size);
        var metadata = new GgufMetadata();
        vocabulary.WriteTo(metadata);
        vocabulary.WriteSpecialIds(metadata, TokenizerConfigJson.Read(folder.Path), null, [2, 7]);
        return metadata;
    }
}
