namespace LongContext.Tokenization;

/// <summary>The names of the parts that a tokenizer.json is made of, sequences taken apart.</summary>
internal sealed record TokenizerComponents(IReadOnlyList<string> Normalizers, IReadOnlyList<string> PreTokenizers, IReadOnlyList<string> SplitPatterns)
{
    public bool Contains(string type) => Normalizers.Contains(type) || PreTokenizers.Contains(type);

    /// <summary>Of fields that have been read already, and so are known to be whole.</summary>
    public static TokenizerComponents Read(JsonField root)
    {
        List<string> normalizers = [], preTokenizers = [], patterns = [];
        if (root.Optional("normalizer") is { } normalizer) Visit(normalizer, "normalizers", (type, _) => normalizers.Add(type));
        if (root.Optional("pre_tokenizer") is { } preTokenizer)
        {
            Visit(preTokenizer, "pretokenizers", (type, field) =>
            {
                preTokenizers.Add(type);
                if (type == "Split" && field.Required("pattern").Optional("Regex") is { } regex) patterns.Add(regex.Text());
                if (type == "ByteLevel" && (field.Optional("use_regex")?.Flag() ?? true)) patterns.Add(Gpt2Pattern);
            });
        }

        return new TokenizerComponents(normalizers, preTokenizers, patterns);
    }

    /// <summary>What "ByteLevel" cuts by: the pattern of GPT-2's encoder.py.</summary>
    public const string Gpt2Pattern = @"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+";

    private static void Visit(JsonField field, string steps, Action<string, JsonField> visit)
    {
        string type = field.Required("type").Text();
        if (type != "Sequence")
        {
            visit(type, field);
            return;
        }

        foreach (JsonField step in field.Required(steps).Items()) Visit(step, steps, visit);
    }
}
