using LongContext.Data.Operators;

namespace LongContext.Data;

/// <summary>
/// Operators on sources, named as LINQ names them where they mean the same. Each gives a source that reads from the one it stands on as items
/// are asked for, in memory of a few items, and that can be stopped and gone on with at every item, alone and in any nesting.
/// </summary>
/// <remarks>
/// The functions given must answer the same for the same item, and may be called again for an item after a restart or a fault.
/// When a function throws, the source stands before the item; the next call tries it again. A source that an operator stands on is used
/// by that operator alone. Functions cannot be compared with those of another process, so operators take an optional identity: a state
/// of a source with another identity is refused.
/// </remarks>
public static partial class DataSourceExtensions
{
    /// <summary>One item of each item.</summary>
    /// <typeparam name="T">What comes in.</typeparam>
    /// <typeparam name="TResult">What comes out.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="map">Makes an item of an item; null is a fault when it comes: to leave items out there are <see cref="Where"/> and <see cref="SelectMany"/>.</param>
    /// <param name="identity">Names what the function does, with its settings; part of the state. Default: empty.</param>
    public static IDataSource<TResult> Select<T, TResult>(this IDataSource<T> source, Func<T, TResult> map, string identity = "")
        where T : class
        where TResult : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(identity);
        return new SelectSource<T, TResult>(source, map, identity);
    }

    /// <summary>The items of which something is true.</summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="predicate">True for an item to keep.</param>
    /// <param name="identity">Names what the function does, with its settings; part of the state. Default: empty.</param>
    public static IDataSource<T> Where<T>(this IDataSource<T> source, Func<T, bool> predicate, string identity = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(predicate);
        ArgumentNullException.ThrowIfNull(identity);
        return new WhereSource<T>(source, predicate, identity);
    }

    /// <summary>None, one or many items of each item, one after the other.</summary>
    /// <typeparam name="T">What comes in.</typeparam>
    /// <typeparam name="TResult">What comes out.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="map">
    /// Makes the outputs of an item, as they are asked for. After a restart in the midst of an item's outputs it is called for that item again, and
    /// the outputs given before are passed over.
    /// </param>
    /// <param name="identity">Names what the function does, with its settings; part of the state. Default: empty.</param>
    public static IDataSource<TResult> SelectMany<T, TResult>(this IDataSource<T> source, Func<T, IEnumerable<TResult>> map, string identity = "")
        where T : class
        where TResult : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(map);
        ArgumentNullException.ThrowIfNull(identity);
        return new SelectManySource<T, TResult>(source, map, identity);
    }

    /// <summary>
    /// One item of several that follow each other: items are offered to a group until it is full, the group becomes an item, and the item that did
    /// not fit begins the next group. For example as many examples as a context holds.
    /// </summary>
    /// <typeparam name="T">What comes in.</typeparam>
    /// <typeparam name="TResult">What comes out.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="newGroup">
    /// Makes an empty group; it gets the group's number, from 0, from which a group may derive its random draws. The state is the place between
    /// two groups: a group that was begun when something threw is made anew of the same items.
    /// </param>
    /// <param name="identity">Names what the groups do, with their settings; part of the state. Default: empty.</param>
    public static IDataSource<TResult> Gather<T, TResult>(this IDataSource<T> source, Func<long, IGroup<T, TResult>> newGroup, string identity = "")
        where T : class
        where TResult : class
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(newGroup);
        ArgumentNullException.ThrowIfNull(identity);
        return new GatherSource<T, TResult>(source, newGroup, identity);
    }

    /// <summary>Lists of so many items that follow each other; the last may be shorter.</summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source.</param>
    /// <param name="size">Items of a list, at least 1.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="size"/> is below 1.</exception>
    public static IDataSource<IReadOnlyList<T>> Chunk<T>(this IDataSource<T> source, int size)
        where T : class
    {
        ArgumentOutOfRangeException.ThrowIfLessThan(size, 1);
        return source.Gather(_ => new ChunkGroup<T>(size), $"chunks of {size}");
    }

    /// <summary>The items that are left, one after the other, for foreach and LINQ.</summary>
    /// <typeparam name="T">What the source gives.</typeparam>
    /// <param name="source">The source. It moves on with the enumeration, which can be left and begun anew where the source then stands.</param>
    /// <param name="cancellationToken">Ends the enumeration with an <see cref="OperationCanceledException"/>.</param>
    public static IEnumerable<T> AsEnumerable<T>(this IDataSource<T> source, CancellationToken cancellationToken = default)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(source);
        return Enumerate(source, cancellationToken);

        static IEnumerable<T> Enumerate(IDataSource<T> source, CancellationToken cancellationToken)
        {
            while (source.Next(cancellationToken) is { } item) yield return item;
        }
    }
}
