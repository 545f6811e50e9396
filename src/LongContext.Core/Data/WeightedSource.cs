namespace LongContext.Data;

/// <summary>A source and its share in a mixture.</summary>
/// <typeparam name="T">What it gives.</typeparam>
/// <param name="Source">Where the items come from.</param>
/// <param name="Weight">
/// The chance that a draw falls on this source, relative to the other weights; positive. It counts items, not tokens.
/// </param>
public sealed record WeightedSource<T>(IDataSource<T> Source, double Weight)
    where T : class;
