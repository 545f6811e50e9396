using System.Text;

namespace LongContext.Data.Examples;

/// <summary>
/// One running text of which some pieces count and others do not: many prompts with their answers in one sequence, for example.
/// </summary>
/// <param name="Segments">The pieces in their order, at least one; the text is what they give when put together.</param>
/// <remarks>
/// The text is to be encoded as a whole, and a token counts if it begins in a piece that counts: pieces encoded apart would give other tokens
/// where they meet.
/// </remarks>
public sealed record SegmentsExample(IReadOnlyList<TextSegment> Segments) : TrainingExample
{
    /// <summary>The whole text.</summary>
    public string Text => string.Concat(Segments.Select(segment => segment.Text));

    /// <inheritdoc/>
    public override long TextLength => Segments.Sum(segment => (long)segment.Text.Length);

    /// <summary>Whether another has the same pieces, properties and origin.</summary>
    /// <param name="other">The other.</param>
    public bool Equals(SegmentsExample? other) => base.Equals(other) && Segments.SequenceEqual(other.Segments);

    /// <inheritdoc/>
    public override int GetHashCode() => HashCode.Combine(Segments.Count, TextLength, Segments.Count == 0 ? null : Segments[0]);

    /// <inheritdoc/>
    protected override bool PrintMembers(StringBuilder builder)
    {
        base.PrintMembers(builder);
        builder.Append(", Segments = [").AppendJoin(" | ", Segments.Select(segment => (segment.Counts ? "+" : "-") + segment.Text)).Append(']');
        return true;
    }
}
