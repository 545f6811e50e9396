using System.Globalization;

namespace LongContext.Tokenization;

/// <summary>Tells what each token of a definition is for.</summary>
internal static class TokenKinds
{
    public static TokenKind[] Of(TokenizerDefinition definition)
    {
        var kinds = new TokenKind[definition.Tokens.Length];
        for (int id = 0; id < kinds.Length; id++)
        {
            string? text = definition.Tokens[id];
            if (text is null) kinds[id] = TokenKind.Unused;
            else if (definition.Model.HasByteFallback && TryGetByte(text, out _)) kinds[id] = TokenKind.Byte;
        }

        foreach (AddedToken token in definition.AddedTokens) kinds[token.Id] = token.Special ? TokenKind.Control : TokenKind.Added;
        if (definition.Model.UnknownToken is { } unknown && definition.Model.Vocabulary.TryGetId(unknown, out int unknownId))
            kinds[unknownId] = TokenKind.Unknown;
        return kinds;
    }

    /// <summary>The value of a piece such as &lt;0x0A&gt;.</summary>
    public static bool TryGetByte(ReadOnlySpan<char> piece, out byte value)
    {
        value = 0;
        return piece.Length == 6 && piece.StartsWith("<0x", StringComparison.Ordinal) && piece[5] == '>'
            && byte.TryParse(piece[3..5], NumberStyles.AllowHexSpecifier, CultureInfo.InvariantCulture, out value);
    }
}
