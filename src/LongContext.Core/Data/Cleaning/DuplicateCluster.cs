namespace LongContext.Data.Cleaning;

/// <summary>Documents that are duplicates of each other, directly or by way of others.</summary>
/// <param name="Kept">The one to keep.</param>
/// <param name="Duplicates">The others, in the source's order.</param>
public sealed record DuplicateCluster(DuplicateMember Kept, IReadOnlyList<DuplicateMember> Duplicates);
