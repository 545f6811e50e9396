namespace LongContext.Generation.Running;

/// <summary>Where a range of a sequence's tokens lies in a group's pages.</summary>
/// <param name="Group">The group.</param>
/// <param name="Runs">The pages, in order.</param>
/// <param name="Skip">Tokens of the first page that lie before the range.</param>
/// <param name="Count">Tokens of the range.</param>
internal sealed record PageGather(int Group, IReadOnlyList<PageRun> Runs, int Skip, int Count);
