using LongContext.Data.Operators;

namespace LongContext.Data;

/// <content>Which items come, in what order, how often, and on which threads.</content>
public static partial class DataSourceExtensions
{
    /// <summary>The first so many items, no further one being read.</summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="count">How many at most, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static IDataSource<T> Take<T>(this IDataSource<T> source, long count)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new TakeSource<T>(source, count);
    }

    /// <summary>
    /// Items until their sizes together have reached an amount; the item that reaches it is the last: 1.5 billion tokens of a mixture, whatever number of sequences that is.
    /// </summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="amount">The amount, from 0, which gives nothing.</param>
    /// <param name="size">An item's size, 0 or more, for example <c>sequence => sequence.Length</c>.</param>
    /// <param name="identity">Names what the function does, with its settings; part of the state. Default: empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="amount"/> is negative.</exception>
    public static IDataSource<T> Take<T>(this IDataSource<T> source, long amount, Func<T, long> size, string identity = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(amount);
        ArgumentNullException.ThrowIfNull(size);
        ArgumentNullException.ThrowIfNull(identity);
        return new TakeSource<T>(source, amount, size, identity);
    }

    /// <summary>All items but the first so many, which are read and passed over.</summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="count">How many are passed over, from 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is negative.</exception>
    public static IDataSource<T> Skip<T>(this IDataSource<T> source, long count)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfNegative(count);
        return new SkipSource<T>(source, count);
    }

    /// <summary>The items of several sources, one source after the other.</summary>
    /// <typeparam name="T">What the sources give.</typeparam>
    /// <param name="source">The first.</param>
    /// <param name="others">Those that follow it.</param>
    public static IDataSource<T> Concat<T>(this IDataSource<T> source, params IDataSource<T>[] others)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(others);
        foreach (IDataSource<T> other in others) ArgumentNullException.ThrowIfNull(other, nameof(others));
        return new ConcatSource<T>([source, .. others]);
    }

    /// <summary>
    /// The source several times, each time from where it now stands. Every pass has the same order; <see cref="Shuffle"/> after this one gives
    /// each pass another, and <see cref="DataSource.Passes"/> makes each pass anew.
    /// </summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="epochs">Passes, at least 1; null (the default) for no end, which needs a source that has an item.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="epochs"/> is below 1.</exception>
    public static IDataSource<T> Repeat<T>(this IDataSource<T> source, long? epochs = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        if (epochs is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(epochs));
        return new RepeatSource<T>(source, epochs);
    }

    /// <summary>
    /// One worker's part: items <paramref name="index"/>, <paramref name="index"/> + <paramref name="count"/> and so on. The parts of all workers
    /// are disjoint and together the whole; their numbers of items differ by at most one.
    /// </summary>
    /// <remarks>
    /// Every worker reads all items, so shard early: before tokenizing. A shard of a mixture's sources keeps the shares of each worker; a shard of
    /// the mixture itself keeps them together.
    /// </remarks>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source, the same at every worker.</param>
    /// <param name="index">The worker, from 0.</param>
    /// <param name="count">How many workers there are, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException">No worker, or one out of range.</exception>
    public static IDataSource<T> Shard<T>(this IDataSource<T> source, int index, int count)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(count, 1);
        ArgumentOutOfRangeException.ThrowIfNegative(index);
        ArgumentOutOfRangeException.ThrowIfGreaterThanOrEqual(index, count);
        return new ShardSource<T>(source, index, count);
    }

    /// <summary>Shuffles in bounded memory: windows of items that follow each other, each in a random order of its own.</summary>
    /// <remarks>
    /// An item stays in its window, unlike in a shuffle buffer that is refilled; in return the state holds no items, and going on after a restart
    /// reads one window again. Where the input is sorted, take a window that is large against its runs, or read its files in a shuffled order.
    /// A window as large as the data shuffles it fully. After <see cref="Repeat"/>, every pass is shuffled otherwise.
    /// </remarks>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="windowSize">Items of a window, all held in memory; at least 1.</param>
    /// <param name="seed">The same seed gives the same orders. Default 0.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="windowSize"/> is below 1.</exception>
    public static IDataSource<T> Shuffle<T>(this IDataSource<T> source, int windowSize, int seed = 0)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(windowSize, 1);
        return new ShuffleSource<T>(source, windowSize, seed);
    }

    /// <summary>
    /// As <see cref="Select"/>, with the function running on several threads at once, for example a tokenizer. The results come in the items' order,
    /// and a fault comes out in its item's turn. A state can be taken up with another number of threads, and by <see cref="Select"/>.
    /// </summary>
    /// <remarks>The source is read by the thread that asks, when it asks; <see cref="Prefetch"/> after this one takes that off its hands too.</remarks>
    /// <typeparam name="T">What comes in.</typeparam>
    /// <typeparam name="TResult">What comes out.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="map">Makes an item of an item, on any thread and several at once; null is a fault.</param>
    /// <param name="degree">Items that are worked on at once, at least 1. Default: as many as there are processors.</param>
    /// <param name="ahead">Items read ahead and held at most, at least 1. Default: four times the degree.</param>
    /// <param name="identity">Names what the function does, with its settings; part of the state. Default: empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="degree"/> or <paramref name="ahead"/> is below 1.</exception>
    public static IDataSource<TResult> SelectParallel<T, TResult>(this IDataSource<T> source, Func<T, TResult> map, int? degree = null, int? ahead = null, string identity = "")
        where T : class
        where TResult : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(identity);
        int threads = degree ?? Environment.ProcessorCount;
        ArgumentOutOfRangeException.ThrowIfLessThan(threads, 1, nameof(degree));
        int most = ahead ?? (int)Math.Min(4L * threads, int.MaxValue);
        ArgumentOutOfRangeException.ThrowIfLessThan(most, 1, nameof(ahead));
        return new SelectParallelSource<T, TResult>(source, map, threads, most, identity);
    }

    /// <summary>Reads ahead on a thread of its own.</summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source; used by that thread alone until what is returned is disposed, and left standing after the items read ahead.</param>
    /// <param name="ahead">Items read ahead at most (one more waits for its place), at least 1. Default 16.</param>
    /// <returns>The same items. Disposing it ends the thread.</returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="ahead"/> is below 1.</exception>
    public static PrefetchingSource<T> Prefetch<T>(this IDataSource<T> source, int ahead = 16)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentOutOfRangeException.ThrowIfLessThan(ahead, 1);
        return new PrefetchingSource<T>(source, ahead);
    }
}
