namespace LongContext.Gguf.Vocabulary;

/// <summary>What a token is, with llama.cpp's numbers.</summary>
internal enum GgufTokenKind
{
    Normal = 1,
    Unknown = 2,

    /// <summary>A special token: not part of the text.</summary>
    Control = 3,

    /// <summary>An added token that is part of the text, found before anything else is split.</summary>
    UserDefined = 4,

    /// <summary>A row of the embedding that no token uses.</summary>
    Unused = 5,

    /// <summary>A byte that stands in for a character without a token.</summary>
    Byte = 6,
}
