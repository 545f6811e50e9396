namespace LongContext.Tokenization.Models;

/// <summary>Turns a word into tokens: the "model" of tokenizer.json.</summary>
internal abstract class TokenModel(Vocabulary vocabulary)
{
    private const string Supported = "BPE, WordLevel";

    public Vocabulary Vocabulary { get; } = vocabulary;

    /// <summary>The token that stands for what the vocabulary lacks.</summary>
    public abstract string? UnknownToken { get; }

    /// <summary>The type's name in tokenizer.json.</summary>
    public abstract string TypeName { get; }

    /// <summary>Whether characters that the vocabulary lacks become bytes.</summary>
    public virtual bool HasByteFallback => false;

    /// <summary>Whether a word that is a piece is taken whole.</summary>
    public virtual bool IgnoresMerges => false;

    /// <summary>The merges by rank; none in a model without.</summary>
    public virtual IEnumerable<BpeMerge> MergesInOrder() => [];

    /// <summary>Appends the tokens of a word that begins at <paramref name="origin"/> of the normalized text.</summary>
    public abstract void Encode(ReadOnlySpan<char> word, int origin, TokenBuffer output);

    public static TokenModel Read(JsonField field)
    {
        // Files written before tokenizers 0.9 leave the type out.
        string type = field.Optional("type")?.Text()
            ?? (field.Optional("merges") is null ? throw field.Fault("the field \"type\" is missing") : "BPE");
        return type switch
        {
            "BPE" => BpeModelReader.Read(field),
            "WordLevel" => WordLevelModel.ReadWordLevel(field),
            _ => throw field.Unsupported($"the model type '{type}'", Supported),
        };
    }
}
