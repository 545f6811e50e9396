using LongContext.Data.Operators;

namespace LongContext.Data;

/// <summary>Ready sources.</summary>
public static class DataSource
{
    /// <summary>The items of a list, in another order in each pass, decided by the seed.</summary>
    /// <typeparam name="T">What the list holds, for example <see cref="Packing.TokenSequence"/> or <see cref="Examples.TrainingExample"/>.</typeparam>
    /// <param name="items">The items of one pass; read by index, and not changed while the source is in use.</param>
    /// <param name="seed">The same seed gives the same orders; null keeps the list's own order in every pass. Default 0.</param>
    /// <param name="epochs">Passes over the list, or null for a source without end. Default 1.</param>
    /// <returns>
    /// A source whose state is its place, its settings and a fingerprint of the list (of at most 1,024 items spread over it; of types that are not
    /// the library's own, what <see cref="object.ToString"/> says of an item).
    /// </returns>
    /// <exception cref="ArgumentException">The list is empty.</exception>
    /// <exception cref="ArgumentOutOfRangeException">Less than one pass.</exception>
    public static IDataSource<T> FromList<T>(IReadOnlyList<T> items, int? seed = 0, int? epochs = 1)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(items);
        if (items.Count == 0) throw new ArgumentException("There is no item: the data set is empty.", nameof(items));
        if (epochs is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(epochs));
        return new ListSource<T>(items, seed, epochs);
    }

    /// <summary>Items made when they are asked for, for example generated from their number.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    /// <param name="getItem">Gives the item with a number from 0; the same number must give the same item.</param>
    /// <param name="count">How many there are, or null (the default) for a source without end.</param>
    /// <param name="identity">
    /// Names the data, for example a generator with its seed; a state of a source with another identity is refused. Default: empty.
    /// </param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="count"/> is below 1.</exception>
    public static IDataSource<T> FromFunction<T>(Func<long, T> getItem, long? count = null, string identity = "")
        where T : class
    {
        ArgumentNullException.ThrowIfNull(getItem);
        ArgumentNullException.ThrowIfNull(identity);
        if (count is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(count));
        return new FunctionSource<T>(getItem, count, identity);
    }

    /// <summary>Pass after pass over data, each made anew, for example shuffled with another seed.</summary>
    /// <typeparam name="T">What it gives.</typeparam>
    /// <param name="newPass">Makes the source of the pass with a number from 0; the same number must make the same source.</param>
    /// <param name="passes">How many, at least 1; null (the default) for passes without end, none of which may be empty.</param>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="passes"/> is below 1.</exception>
    public static IDataSource<T> Passes<T>(Func<long, IDataSource<T>> newPass, long? passes = null)
        where T : class
    {
        ArgumentNullException.ThrowIfNull(newPass);
        if (passes is { } given) ArgumentOutOfRangeException.ThrowIfLessThan(given, 1, nameof(passes));
        return new PassesSource<T>(newPass, passes);
    }

    /// <summary>Draws each item from one of several sources, at random by weight, the same for the same seed.</summary>
    /// <typeparam name="T">What the sources give.</typeparam>
    /// <param name="sources">The sources with their weights; used by the mixture alone from now on.</param>
    /// <param name="seed">Decides the draws. Default 0.</param>
    /// <param name="end">What happens when a source comes to its end. Default: the mixture ends with the first source that ends.</param>
    /// <returns>A source whose state is each source's state and the number of draws so far.</returns>
    /// <exception cref="ArgumentException">No source, one that is null or given twice, or a weight that is not positive and finite; the message lists all faults.</exception>
    public static IDataSource<T> Mixture<T>(IReadOnlyList<WeightedSource<T>> sources, int seed = 0, MixtureEnd end = MixtureEnd.StopAtFirst)
        where T : class =>
        new MixtureSource<T>(sources, seed, end);
}
