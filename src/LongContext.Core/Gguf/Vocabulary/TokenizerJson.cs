using System.Text.Json;
using LongContext.Tokenization;

namespace LongContext.Gguf.Vocabulary;

/// <summary>What tokenizer.json says of a byte pair encoding: its tokens, its merges and the parts around them.</summary>
internal sealed class TokenizerJson
{
    private TokenizerJson(string file, JsonField root)
    {
        (File, Root) = (file, root);
        JsonField model = root.Required("model");
        string type = model.Optional("type")?.Text() ?? "BPE";
        if (type != "BPE") throw model.Unsupported($"model type \"{type}\" in a GGUF file", "BPE");
        foreach (string affix in new[] { "continuing_subword_prefix", "end_of_word_suffix" })
        {
            if (model.Optional(affix) is { } field && field.Text().Length > 0) throw field.Unsupported($"\"{field.Text()}\"", "none");
        }

        ByteFallback = model.Flag("byte_fallback");
        IgnoresMerges = model.Flag("ignore_merges");
        UnknownToken = model.Optional("unk_token")?.Text();
        Tokens = ReadTokens(model.Required("vocab"));
        Merges = ReadMerges(model.Required("merges"));
        Added = ReadAdded(root);
    }

    /// <summary>The name that complaints give.</summary>
    public string File { get; }

    public JsonField Root { get; }

    public bool ByteFallback { get; }

    /// <summary>Whether a word that is a token is taken whole, whatever the merges say.</summary>
    public bool IgnoresMerges { get; }

    public string? UnknownToken { get; }

    /// <summary>The model's own tokens by their text.</summary>
    public Dictionary<string, int> Tokens { get; }

    /// <summary>The merges, first first.</summary>
    public IReadOnlyList<(string Left, string Right)> Merges { get; }

    /// <summary>Tokens that are found before the text is split; some swallow the white space after them.</summary>
    public IReadOnlyList<(int Id, string Text, bool IsSpecial, bool StripsRight)> Added { get; }

    /// <exception cref="InvalidDataException">The file is not what it must be.</exception>
    /// <exception cref="NotSupportedException">It holds another kind of model.</exception>
    public static TokenizerJson Parse(string file, ReadOnlyMemory<byte> utf8)
    {
        // The document is not disposed: Root refers to it as long as this lives.
        return new TokenizerJson(file, new JsonField(file, "", JsonField.Parse(file, utf8).RootElement));
    }

    private static Dictionary<string, int> ReadTokens(JsonField field)
    {
        var tokens = new Dictionary<string, int>(StringComparer.Ordinal);
        var taken = new HashSet<int>();
        if (field.Value.ValueKind != JsonValueKind.Object) throw field.Fault("expected an object of tokens");
        foreach (JsonProperty token in field.Value.EnumerateObject())
        {
            string text = Name(token);
            int id = token.Value.ValueKind == JsonValueKind.Number && token.Value.TryGetInt32(out int number) && number >= 0
                ? number
                : throw field.Fault($"token \"{text}\" has id {token.Value.GetRawText()}, expected a whole number of at least 0");
            if (!taken.Add(id)) throw field.Fault($"id {id} is given twice");
            if (!tokens.TryAdd(text, id)) throw field.Fault($"token \"{text}\" is given twice");
        }

        return tokens;

        string Name(JsonProperty token)
        {
            try
            {
                return token.Name;
            }
            catch (InvalidOperationException e)
            {
                // An escape such as "\ud800" without its other half.
                throw field.Fault($"a token is no Unicode text: {e.Message}");
            }
        }
    }

    private static List<(string Left, string Right)> ReadMerges(JsonField field)
    {
        var merges = new List<(string, string)>();
        foreach (JsonField item in field.Items())
        {
            if (item.Value.ValueKind == JsonValueKind.Array)
            {
                string[] pair = [.. item.Items().Select(part => part.Text())];
                merges.Add(pair.Length == 2 ? (pair[0], pair[1]) : throw item.Fault($"has {pair.Length} parts, expected 2"));
                continue;
            }

            string text = item.Text();
            int space = text.IndexOf(' ', StringComparison.Ordinal);
            if (space < 0) throw item.Fault($"\"{text}\" is not two parts with a space between");
            merges.Add((text[..space], text[(space + 1)..]));
        }

        return merges;
    }

    private static List<(int, string, bool, bool)> ReadAdded(JsonField root)
    {
        if (root.Optional("added_tokens") is not { } field) return [];
        return
        [
            .. field.Items().Select(token =>
                (token.Required("id").Integer(), token.Required("content").Text(), token.Flag("special"), token.Flag("rstrip"))),
        ];
    }
}
