namespace LongContext.Data.Cleaning;

/// <summary>What became of a document.</summary>
public enum DecontaminationOutcome
{
    /// <summary>It holds nothing of an evaluation.</summary>
    Clean,

    /// <summary>Something was cut out of it, and pieces of it are left.</summary>
    Cut,

    /// <summary>It was removed because the options remove whole documents, or because it cannot be cut.</summary>
    Removed,

    /// <summary>It was removed because it fell into too many pieces.</summary>
    RemovedAsTooManyPieces,

    /// <summary>It was removed because every piece of it was too short.</summary>
    RemovedAsTooShort,
}
