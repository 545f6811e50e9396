namespace LongContext.Data.Cleaning;

/// <summary>What two texts that share a band must pass to be near-duplicates.</summary>
public enum CandidateCheck
{
    /// <summary>Nothing: sharing a band is enough.</summary>
    None,

    /// <summary>The similarity that their signatures estimate is at least the threshold.</summary>
    Estimated,

    /// <summary>The similarity of their sets of shingles is at least the threshold. Keeps 8 bytes for each shingle of each document.</summary>
    Exact,
}
