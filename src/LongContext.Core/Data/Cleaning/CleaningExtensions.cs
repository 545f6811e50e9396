using LongContext.Data.Examples;

namespace LongContext.Data.Cleaning;

/// <summary>Cleaning as a stage of a stream of examples.</summary>
public static class CleaningExtensions
{
    /// <summary>Leaves out the examples of some origins, for example the duplicates that <see cref="DuplicateReport.ToExclusionList"/> names.</summary>
    /// <param name="source">The examples; used by the new source alone from now on. One without an origin is never left out.</param>
    /// <param name="list">What to leave out; later changes of the list do not count.</param>
    /// <returns>A source that can be resumed wherever <paramref name="source"/> can; a state of another list is refused.</returns>
    public static IDataSource<TrainingExample> Without(this IDataSource<TrainingExample> source, ExclusionList list)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(list);
        HashSet<(string Path, long Number)> excluded = list.ToSet();
        return source.Where(example => example.Origin is not { } origin || !excluded.Contains((origin.Path, origin.Number)), list.Identity());
    }
}
