using System.Text.Json;
using System.Text.Json.Nodes;
using LongContext.Benchmarks.Harness;
using LongContext.Tokenization;

namespace LongContext.Benchmarks.Tokenization;

/// <summary>
/// A Llama-like BPE tokenizer, with its vocabulary and merges for the baseline, and a text that needs no byte fallback, which
/// the baseline does not have.
/// </summary>
internal sealed class TokenizerSample
{
    private const string Generated = "generated";
    private static readonly (string Name, string[] Path)[] Known =
    [
        ("aidreams-260k", ["models", "aidreams-260k"]),
        ("llama2", ["tokenizers", "llama2"]),
    ];

    /// <param name="name">One of <see cref="Names"/>.</param>
    /// <param name="characters">Of <see cref="Text"/>.</param>
    /// <param name="known">Text whose characters and words a generated tokenizer knows besides.</param>
    public TokenizerSample(string name, int characters, string known = "")
    {
        string prose = Material.Prose(characters * 2);
        string json = name == Generated ? PrefixMerges($"{prose} {known}")
            : File.ReadAllText(Path.Combine(Material.Find(Known.First(one => one.Name == name).Path)!, "tokenizer.json"));
        Tokenizer = Load(json);
        JsonElement model = JsonDocument.Parse(json).RootElement.GetProperty("model");
        Vocabulary = model.GetProperty("vocab").EnumerateObject().ToDictionary(entry => entry.Name, entry => entry.Value.GetInt32());
        Merges = [.. model.GetProperty("merges").EnumerateArray().Select(merge =>
            merge.ValueKind == JsonValueKind.String ? merge.GetString()! : $"{merge[0].GetString()} {merge[1].GetString()}")];
        Text = string.Concat(prose.Where(character => character == ' ' || Vocabulary.ContainsKey(character.ToString())))[..characters];
    }

    /// <summary>Names of the tokenizers that are on this machine; a generated one where none is.</summary>
    public static string[] Names =>
        Known.Where(known => Material.Find(known.Path) is not null).Select(known => known.Name).ToArray() is { Length: > 0 } found ? found : [Generated];

    public HuggingFaceTokenizer Tokenizer { get; }

    public Dictionary<string, int> Vocabulary { get; }

    public string[] Merges { get; }

    public string Text { get; }

    private static HuggingFaceTokenizer Load(string json)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("longcontext-benchmarks-");
        try
        {
            File.WriteAllText(Path.Combine(folder.FullName, "tokenizer.json"), json);
            return HuggingFaceTokenizer.Load(folder.FullName);
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }

    /// <summary>A tokenizer.json whose merges build the text's most frequent words from left to right.</summary>
    private static string PrefixMerges(string text)
    {
        var vocabulary = new JsonObject { ["<unk>"] = 0 };
        var merges = new JsonArray();
        void Add(string piece) => vocabulary.TryAdd(piece, vocabulary.Count);
        Add("▁");
        foreach (char character in text.Distinct()) Add(character.ToString());
        foreach (string word in text.Split(' ').CountBy(word => word).OrderByDescending(count => count.Value).Take(1000).Select(count => "▁" + count.Key))
        {
            for (int length = 2; length <= word.Length; length++)
            {
                if (vocabulary.ContainsKey(word[..length])) continue;
                Add(word[..length]);
                merges.Add($"{word[..(length - 1)]} {word[length - 1]}");
            }
        }

        return new JsonObject
        {
            ["normalizer"] = JsonNode.Parse("""
                {"type": "Sequence", "normalizers": [{"type": "Prepend", "prepend": "▁"}, {"type": "Replace", "pattern": {"String": " "}, "content": "▁"}]}
                """),
            ["decoder"] = JsonNode.Parse("""
                {"type": "Sequence", "decoders": [{"type": "Replace", "pattern": {"String": "▁"}, "content": " "}, {"type": "Fuse"},
                 {"type": "Strip", "content": " ", "start": 1, "stop": 0}]}
                """),
            ["model"] = new JsonObject { ["type"] = "BPE", ["unk_token"] = "<unk>", ["vocab"] = vocabulary, ["merges"] = merges },
        }.ToJsonString();
    }
}
