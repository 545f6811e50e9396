using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>A document of a cluster.</summary>
/// <param name="Number">Its number in the source, from 0.</param>
/// <param name="Origin">Where it was read; null for one that was made.</param>
/// <param name="Bytes">Its text's length in UTF-8.</param>
/// <param name="Kind">How it came into the cluster: as the same as an earlier document, or as similar to one. Of the kept one without meaning.</param>
/// <param name="Similarity">
/// Its estimated Jaccard similarity to the document that is kept. It may lie below the threshold where others link the two.
/// </param>
public sealed record DuplicateMember(int Number, RecordOrigin? Origin, long Bytes, DuplicateKind Kind, double Similarity);
