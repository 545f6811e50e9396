namespace LongContext.Data.Making;

/// <summary>A piece of a haystack.</summary>
/// <param name="Text">What it is.</param>
/// <param name="IsBorder">Whether something can be put before it.</param>
/// <param name="Continues">Whether it follows the piece before it without anything between them.</param>
internal readonly record struct HaystackPiece(string Text, bool IsBorder = false, bool Continues = false)
{
    /// <summary>Whether a sentence ends with it, quotation marks and brackets that close after the stop aside.</summary>
    public bool EndsSentence =>
        Text.AsSpan().TrimEnd("\"'”’)]»」』）】》〉") is [.., var last] && (last is '.' or '!' or '?' || SentenceStops.IsOtherStop(last));

    /// <summary>A text's pieces.</summary>
    public static IEnumerable<HaystackPiece> Of(string text)
    {
        int before = -1;
        foreach (Range piece in TextPieces.Of(text))
        {
            yield return new HaystackPiece(text[piece], Continues: piece.Start.Value == before);
            before = piece.End.Value;
        }
    }
}
