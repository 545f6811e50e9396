namespace LongContext.Tokenization.PreTokenizers;

/// <summary>Cuts normalized text into the words that the model sees one by one: the "pre_tokenizer" of tokenizer.json.</summary>
internal abstract class TextPreTokenizer
{
    private const string Supported =
        "none, Sequence, ByteLevel, Split, Digits, Whitespace, WhitespaceSplit, Punctuation, Metaspace, BertPreTokenizer, CharDelimiterSplit";

    /// <summary>The type as tokenizer.json calls it.</summary>
    public abstract string TypeName { get; }

    /// <summary>What it is made of, in order, sequences taken apart.</summary>
    public virtual IEnumerable<TextPreTokenizer> Steps => [this];

    /// <summary>The regular expression that it cuts by, as the file spells it; null without one.</summary>
    public virtual string? Regex => null;

    /// <summary>Cuts or rewrites the pieces.</summary>
    public abstract void Apply(PreTokenizedText text);

    public static TextPreTokenizer Read(JsonField field)
    {
        string type = field.Required("type").Text();
        return type switch
        {
            "Sequence" => new SequencePreTokenizer([.. field.Required("pretokenizers").Items().Select(Read)]),
            "ByteLevel" => ByteLevelPreTokenizer.ReadByteLevel(field),
            "Split" => SplitPreTokenizer.ReadSplit(field),
            "Digits" => SplitPreTokenizer.Digits(field),
            "Punctuation" => SplitPreTokenizer.Punctuation(field),
            "Whitespace" => SplitPreTokenizer.Whitespace,
            "WhitespaceSplit" => SplitPreTokenizer.WhitespaceSplit,
            "BertPreTokenizer" => new BertPreTokenizer(),
            "CharDelimiterSplit" => SplitPreTokenizer.Delimiter(field),
            "Metaspace" => MetaspacePreTokenizer.ReadMetaspace(field),
            _ => throw field.Unsupported($"the pre-tokenizer type '{type}'", Supported),
        };
    }
}
