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
        return source.Where(example => example.Origin is not { } origin || !excluded.Contains((origin.Path, origin.Number)), list.Identity);
    }

    /// <summary>Removes what stands in evaluations. Examples are looked at by several threads; what comes out, its order and the report are the same for any number of them.</summary>
    /// <param name="source">The examples; used by the new source alone from now on.</param>
    /// <param name="decontaminator">
    /// What to look for and what to do, after its counting if there is any; it keeps the report. An example that is asked for again after a fault or a restart is counted again.
    /// </param>
    /// <param name="degreeOfParallelism">Threads, at least 1; four times as many examples are held. Default: null, one for each core.</param>
    /// <returns>
    /// A source of the examples and pieces that are left, which can be resumed wherever <paramref name="source"/> can, after a piece too; a state of other n-grams,
    /// other ignored ones or other options is refused.
    /// </returns>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="degreeOfParallelism"/> is below 1.</exception>
    public static IDataSource<TrainingExample> Decontaminate(this IDataSource<TrainingExample> source, Decontaminator decontaminator, int? degreeOfParallelism = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(decontaminator);
        if (degreeOfParallelism is { } degree) ArgumentOutOfRangeException.ThrowIfLessThan(degree, 1, nameof(degreeOfParallelism));
        // Found on any thread, counted as they come out: the report has the data's order.
        return source
            .SelectParallel(decontaminator.Examine, degreeOfParallelism)
            .SelectMany(finding => decontaminator.Note(finding).Examples, decontaminator.Identity);
    }

    /// <summary>Leaves out what a filter does not keep.</summary>
    /// <param name="source">The examples; used by the new source alone from now on.</param>
    /// <param name="filter">The filter.</param>
    /// <param name="report">Counts what is left out and why; null for no count. An example that is asked for again after a fault or a restart is counted again.</param>
    /// <returns>A source that can be resumed wherever <paramref name="source"/> can; a state of another filter or other thresholds is refused.</returns>
    public static IDataSource<TrainingExample> Where(this IDataSource<TrainingExample> source, IExampleFilter filter, CleaningReport? report = null)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(filter);
        return source.Where(
            example =>
            {
                FilterFault? fault = filter.Examine(example);
                report?.Add(example, fault);
                return fault is null;
            },
            filter.Identity);
    }
}
