namespace LongContext.Tokenization.Normalizers;

/// <summary>Puts a text in front; an empty text stays empty.</summary>
internal sealed class PrependNormalizer(string prefix) : TextNormalizer
{
    public override string TypeName => "Prepend";

    public string Prefix => prefix;

    public override string Normalize(string text) => text.Length == 0 ? text : prefix + text;
}
