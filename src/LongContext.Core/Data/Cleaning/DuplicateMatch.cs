namespace LongContext.Data.Cleaning;

/// <summary>Of which document another is a duplicate.</summary>
/// <param name="Number">The earlier document's number, from 0, in the order of adding.</param>
/// <param name="Kind">Exact or near.</param>
/// <param name="Similarity">
/// Jaccard similarity of the shingles: 1 for an exact duplicate, else exact or estimated as <see cref="DuplicateOptions.Check"/> asks
/// (estimated where it asks for none).
/// </param>
public sealed record DuplicateMatch(int Number, DuplicateKind Kind, double Similarity);
