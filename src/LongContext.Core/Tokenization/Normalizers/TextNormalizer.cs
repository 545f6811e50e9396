using LongContext.Tokenization.Patterns;

namespace LongContext.Tokenization.Normalizers;

/// <summary>What happens to the text before it is cut: the "normalizer" of tokenizer.json.</summary>
internal abstract class TextNormalizer
{
    private const string Supported = "none, Sequence, NFC, NFD, NFKC, NFKD, Lowercase, Strip, StripAccents, Nmt, Prepend, Replace, ByteLevel";

    /// <summary>The type as tokenizer.json calls it.</summary>
    public abstract string TypeName { get; }

    /// <summary>What it is made of, in order, sequences taken apart.</summary>
    public virtual IEnumerable<TextNormalizer> Steps => [this];

    public abstract string Normalize(string text);

    /// <summary>The same for a part of a text, whose patterns may still take so many steps.</summary>
    /// <exception cref="InvalidOperationException">They take more.</exception>
    public virtual string Normalize(string text, PatternBudget budget) => Normalize(text);

    public static TextNormalizer Read(JsonField field)
    {
        string type = field.Required("type").Text();
        return type switch
        {
            "Sequence" => new SequenceNormalizer([.. field.Required("normalizers").Items().Select(Read)]),
            "NFC" => UnicodeForm.C,
            "NFD" => UnicodeForm.D,
            "NFKC" => UnicodeForm.KC,
            "NFKD" => UnicodeForm.KD,
            "Lowercase" => new LowercaseNormalizer(),
            "Strip" => StripNormalizer.ReadStrip(field),
            "StripAccents" => new StripAccentsNormalizer(),
            "Nmt" => new NmtNormalizer(),
            "ByteLevel" => new ByteLevelNormalizer(),
            "Prepend" => new PrependNormalizer(field.Required("prepend").Text()),
            "Replace" => new ReplaceNormalizer(TextReplacement.Read(field)),
            _ => throw field.Unsupported($"the normalizer type '{type}'", Supported),
        };
    }
}
