using System.Text.Json.Nodes;
using LongContext.TestSupport;
using LongContext.Tokenization;

namespace LongContext.Core.Tests.Tokenization;

/// <summary>tokenizer.json files made by the tests.</summary>
internal static class TinyTokenizer
{
    /// <summary>Llama's arrangement (▁ for blanks, byte fallback, BOS in front) over a handful of pieces and merges.</summary>
    public static JsonObject Llama(string[] pieces, params string[] merges)
    {
        var vocabulary = new JsonObject();
        foreach (string piece in new[] { "<unk>", "<s>", "</s>" }.Concat(Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>")).Concat(pieces))
            vocabulary.Add(piece, vocabulary.Count);
        return new JsonObject
        {
            ["added_tokens"] = new JsonArray(Added(0, "<unk>"), Added(1, "<s>"), Added(2, "</s>")),
            ["normalizer"] = JsonNode.Parse("""
                {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
                """),
            ["pre_tokenizer"] = null,
            ["post_processor"] = JsonNode.Parse("""
                {"type": "TemplateProcessing", "single": [{"SpecialToken": {"id": "<s>", "type_id": 0}}, {"Sequence": {"id": "A", "type_id": 0}}],
                 "special_tokens": {"<s>": {"id": "<s>", "ids": [1], "tokens": ["<s>"]}}}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "ByteFallback"},
                 {"type": "Fuse"}, {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
                """),
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = "<unk>",
                ["fuse_unk"] = true,
                ["byte_fallback"] = true,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)merge)]),
            },
        };
    }

    /// <summary>A bare BPE model: no normalizer, no added tokens, nothing around the text.</summary>
    public static JsonObject Bpe(string[] pieces, string[] merges, string? unknown = null, bool fuse = false, bool ignoreMerges = false)
    {
        var vocabulary = new JsonObject();
        foreach (string piece in pieces) vocabulary.Add(piece, vocabulary.Count);
        return new JsonObject
        {
            ["model"] = new JsonObject
            {
                ["type"] = "BPE",
                ["unk_token"] = unknown,
                ["fuse_unk"] = fuse,
                ["ignore_merges"] = ignoreMerges,
                ["vocab"] = vocabulary,
                ["merges"] = new JsonArray([.. merges.Select(merge => (JsonNode)new JsonArray([.. merge.Split(' ').Select(part => (JsonNode)part)]))]),
            },
        };
    }

    /// <summary>The same with one field of the model set.</summary>
    public static JsonObject With(this JsonObject tokenizer, string modelField, JsonNode? value)
    {
        tokenizer["model"]![modelField] = value;
        return tokenizer;
    }

    public static JsonObject Added(int id, string content, params string[] flags)
    {
        var token = new JsonObject { ["id"] = id, ["content"] = content, ["special"] = true };
        foreach (string flag in flags) token[flag] = true;
        return token;
    }

    public static HuggingFaceTokenizer Load(JsonNode tokenizer, string? config = null) => Load(tokenizer.ToJsonString(), config);

    public static HuggingFaceTokenizer Load(string tokenizer, string? config = null)
    {
        using TemporaryFolder folder = TestPaths.NewTemporaryFolder();
        File.WriteAllText(folder["tokenizer.json"], tokenizer);
        if (config is not null) File.WriteAllText(folder["tokenizer_config.json"], config);
        return HuggingFaceTokenizer.Load(folder.Path);
    }
}
