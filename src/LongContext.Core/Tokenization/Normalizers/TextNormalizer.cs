namespace LongContext.Tokenization.Normalizers;

/// <summary>What happens to the text before it is cut: the "normalizer" of tokenizer.json.</summary>
internal abstract class TextNormalizer
{
    private const string Supported = "Sequence, Prepend, Replace";

    public abstract string Normalize(string text);

    public static TextNormalizer Read(JsonField field)
    {
        string type = field.Required("type").Text();
        return type switch
        {
            "Sequence" => new SequenceNormalizer([.. field.Required("normalizers").Items().Select(Read)]),
            "Prepend" => new PrependNormalizer(field.Required("prepend").Text()),
            "Replace" => ReplaceNormalizer.ReadReplace(field),
            _ => throw field.Unsupported($"the normalizer type '{type}'", Supported),
        };
    }
}
