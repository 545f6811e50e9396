namespace LongContext.Tokenization.Normalizers;

/// <summary>Replaces every occurrence of a literal text.</summary>
internal sealed class ReplaceNormalizer(LiteralReplacement replacement) : TextNormalizer
{
    public override string Normalize(string text) => replacement.Apply(text);

    public static ReplaceNormalizer ReadReplace(JsonField field) => new(LiteralReplacement.Read(field));
}
