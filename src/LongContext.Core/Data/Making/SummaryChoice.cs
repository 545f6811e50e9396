namespace LongContext.Data.Making;

/// <summary>Which of a chapter's summaries are used.</summary>
public enum SummaryChoice
{
    /// <summary>An example for each.</summary>
    All,

    /// <summary>The first.</summary>
    First,

    /// <summary>One drawn by the seed and the chapter's number.</summary>
    OneAtRandom,
}
