namespace LongContext.Data;

/// <summary>A source and its share in a mixture.</summary>
/// <typeparam name="T">What it gives.</typeparam>
/// <param name="Source">Where the items come from; used by the mixture alone.</param>
/// <param name="Weight">Its share, relative to the other weights; positive. <see cref="MixtureOptions{T}.Shares"/> says of what.</param>
public sealed record WeightedSource<T>(IDataSource<T> Source, double Weight)
    where T : class
{
    /// <summary>What reports and faults call it, unique in its mixture. Default: null, "source 0" by its place.</summary>
    public string? Name { get; init; }

    /// <summary>
    /// Passes over the source before it counts as ended, at least 1. Default 1. For a part of a
    /// pass there is <see cref="DataSourceExtensions.Take{T}(IDataSource{T}, long)"/>.
    /// </summary>
    public long Epochs { get; init; } = 1;

    /// <summary>
    /// Makes the source of each pass after the first, by its number from 1, for example shuffled with another seed. The same number must make the
    /// same source. Default: null, <see cref="Source"/> goes back to where it stood when the mixture was made.
    /// </summary>
    public Func<long, IDataSource<T>>? NewPass { get; init; }
}
