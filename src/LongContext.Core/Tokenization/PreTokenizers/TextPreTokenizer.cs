namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Cuts normalized text into the words that the model sees one by one: the "pre_tokenizer" of tokenizer.json.</summary>
internal abstract class TextPreTokenizer
{
    private const string Supported = "none, WhitespaceSplit";

    /// <summary>The next word at or after <paramref name="from"/>; false when there is none.</summary>
    public abstract bool TryGetNext(ReadOnlySpan<char> text, int from, out int start, out int length);

    public static TextPreTokenizer Read(JsonField field)
    {
        string type = field.Required("type").Text();
        return type switch
        {
            "WhitespaceSplit" => new WhitespaceSplitPreTokenizer(),
            "Sequence" => throw UnsupportedSequence(field),
            _ => throw field.Unsupported($"the pre-tokenizer type '{type}'", Supported),
        };
    }

    private static NotSupportedException UnsupportedSequence(JsonField field)
    {
        IEnumerable<string> types = field.Required("pretokenizers").Items().Select(item => item.Required("type").Text());
        return field.Unsupported($"the pre-tokenizer type 'Sequence' (of {string.Join(", ", types)})", Supported);
    }
}
