using System.Text.Json;
using System.Text.Json.Nodes;

namespace LongContext.Benchmarks.Inference;

/// <summary>A tokenizer of any size, for programs that take no model without one: bytes as GPT-2 writes them, and pairs of them.</summary>
internal static class MadeTokenizer
{
    /// <summary>Writes tokenizer.json into a folder.</summary>
    public static void Write(string folder, int vocabularySize)
    {
        string[] bytes = [.. Enumerable.Range(0, 256).Select(value => ((char)Written(value)).ToString())];
        var vocabulary = new JsonObject();
        foreach (string each in bytes) vocabulary[each] = vocabulary.Count;
        var merges = new JsonArray();
        foreach (string pair in bytes.SelectMany(first => bytes.Select(second => first + second)).Take(vocabularySize - bytes.Length))
        {
            vocabulary[pair] = vocabulary.Count;
            merges.Add((JsonNode)new JsonArray(pair[..1], pair[1..]));
        }

        var tokenizer = new JsonObject
        {
            ["version"] = "1.0",
            ["pre_tokenizer"] = new JsonObject { ["type"] = "ByteLevel", ["add_prefix_space"] = false, ["trim_offsets"] = false, ["use_regex"] = true },
            ["decoder"] = new JsonObject { ["type"] = "ByteLevel" },
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = merges },
        };
        Directory.CreateDirectory(folder);
        File.WriteAllText(Path.Combine(folder, "tokenizer.json"), tokenizer.ToJsonString(new JsonSerializerOptions()));
    }

    /// <summary>GPT-2's character for a byte: itself where it is printable, else one from 256 on.</summary>
    private static int Written(int value)
    {
        static bool Printable(int b) => b is (>= '!' and <= '~') or (>= 0xA1 and <= 0xAC) or (>= 0xAE and <= 0xFF);
        return Printable(value) ? value : 256 + Enumerable.Range(0, value).Count(b => !Printable(b));
    }
}
