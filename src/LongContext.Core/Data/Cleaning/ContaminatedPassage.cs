using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>A passage of a document that stands in an evaluation: n-grams that overlap are one passage.</summary>
/// <param name="Origin">Where the document was read; null for one that was made.</param>
/// <param name="Document">The document's number among those cleaned, from 0.</param>
/// <param name="Start">Where the passage begins in the document's text (prompt and completion, or turns, one under the other), in UTF-16 units.</param>
/// <param name="Length">Its length.</param>
/// <param name="Set">The evaluation of its first n-gram.</param>
/// <param name="Instance">The instance of its first n-gram.</param>
/// <param name="NGram">Its first n-gram.</param>
/// <param name="NGrams">How many n-grams it has.</param>
/// <param name="Outcome">What became of the document.</param>
public sealed record ContaminatedPassage(
    RecordOrigin? Origin, long Document, int Start, int Length, string Set, string Instance, string NGram, int NGrams, DecontaminationOutcome Outcome);
