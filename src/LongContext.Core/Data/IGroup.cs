namespace LongContext.Data;

/// <summary>A group of items in the making, from which one item comes; see <see cref="DataSourceExtensions.Gather"/>.</summary>
/// <typeparam name="T">The items of a group.</typeparam>
/// <typeparam name="TResult">What a group becomes.</typeparam>
public interface IGroup<in T, out TResult>
    where T : class
    where TResult : class
{
    /// <summary>Offers the next item.</summary>
    /// <param name="item">The item.</param>
    /// <returns>What became of it.</returns>
    GatherResult Add(T item);

    /// <summary>
    /// Makes one item of the group. Called once, when the group is complete or the source at its end, and only for a group that has an item.
    /// </summary>
    /// <returns>The item, or null to leave the group out.</returns>
    TResult? Complete();
}
