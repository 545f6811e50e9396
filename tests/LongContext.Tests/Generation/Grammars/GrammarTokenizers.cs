using System.Text;
using System.Text.Json.Nodes;
using LongContext.Tokenization;

namespace LongContext.Tests.Generation.Grammars;

/// <summary>Tokenizers whose tokens cut JSON texts anywhere: within names, across quotes and commas, and within characters.</summary>
internal static class GrammarTokenizers
{
    private static readonly string[] s_pieces =
    [
        "{\"", "\":", "\": ", "\",", "\", \"", "\"}", "\"]", "},{", "}, {", "[{\"", "[\"", "\":\"", "\": \"", "]}", "}}", "},", "],", ", ", ",\n", "{\n", "\n  ", "\n    ", "true", "false", "null", "tr", "ue", "nu", "ll", "fal",
        "10", "12", "00", "99", "123", "1.", ".5", "-1", "e+", "1e", "0.", "na", "me", "name", "id", "va", "lue", "item", "ab", "abc", "bc", "cd", " a", " the", "ä", "é", "日本", "😀", "a😀", "\\u", "\\n", "\\\"", "\\\\", "u00", "20", "-0", "T1", ":0", "Z\"",
    ];

    /// <summary>Bytes in GPT-2's alphabet, pieces, an end token.</summary>
    public static HuggingFaceTokenizer ByteLevel { get; } = Load(
        Enumerable.Range(0, 256).Select(value => Alphabet((byte)value).ToString()).Concat(s_pieces.Select(piece => string.Concat(Encoding.UTF8.GetBytes(piece).Select(Alphabet)))),
        new JsonObject { ["type"] = "ByteLevel" }, byteFallback: false);

    /// <summary>SentencePiece's form: byte fallback, blanks as ▁, the first blank left out.</summary>
    public static HuggingFaceTokenizer ByteFallback { get; } = Load(
        Enumerable.Range(0, 256).Select(value => $"<0x{value:X2}>").Concat(Enumerable.Range(33, 94).Select(c => ((char)c).ToString())).Append("▁").Concat(s_pieces.Select(piece => piece.Replace(' ', '▁'))),
        new JsonObject
        {
            ["type"] = "Sequence",
            ["decoders"] = new JsonArray(
                new JsonObject { ["type"] = "Replace", ["pattern"] = new JsonObject { ["String"] = "▁" }, ["content"] = " " },
                new JsonObject { ["type"] = "ByteFallback" },
                new JsonObject { ["type"] = "Fuse" },
                new JsonObject { ["type"] = "Strip", ["content"] = " ", ["start"] = 1, ["stop"] = 0 }),
        }, byteFallback: true);

    public static int EndOf(HuggingFaceTokenizer tokenizer) => tokenizer.TryGetTokenId("</s>", out int id) ? id : throw new InvalidOperationException();

    private static HuggingFaceTokenizer Load(IEnumerable<string> tokens, JsonObject decoder, bool byteFallback)
    {
        var vocabulary = new JsonObject();
        foreach (string token in tokens) vocabulary[token] = vocabulary.Count;
        var json = new JsonObject
        {
            ["added_tokens"] = new JsonArray(new JsonObject
            {
                ["id"] = vocabulary.Count, ["content"] = "</s>", ["single_word"] = false, ["lstrip"] = false, ["rstrip"] = false, ["normalized"] = false, ["special"] = true,
            }),
            ["decoder"] = decoder,
            ["model"] = new JsonObject { ["type"] = "BPE", ["vocab"] = vocabulary, ["merges"] = new JsonArray(), ["byte_fallback"] = byteFallback },
        };
        string folder = Directory.CreateTempSubdirectory("longcontext").FullName;
        try
        {
            File.WriteAllText(Path.Combine(folder, "tokenizer.json"), json.ToJsonString());
            return HuggingFaceTokenizer.Load(folder);
        }
        finally
        {
            Directory.Delete(folder, recursive: true);
        }
    }

    private static char Alphabet(byte value)
    {
        return Prints(value) ? (char)value : (char)(256 + Enumerable.Range(0, value).Count(other => !Prints((byte)other)));

        static bool Prints(byte b) => b is (>= 33 and <= 126) or (>= 161 and <= 172) or >= 174;
    }
}
