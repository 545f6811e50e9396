namespace LongContext.Data.Examples;

/// <summary>The two sides of a <see cref="HeldOutSplit"/> as stages of a stream of examples.</summary>
public static class HeldOutExtensions
{
    /// <summary>The examples to train on.</summary>
    /// <param name="source">The examples; used by the new source alone from now on.</param>
    /// <param name="split">What is held out.</param>
    /// <returns>A source that can be resumed wherever <paramref name="source"/> can; a state of another split, or of its other side, is refused.</returns>
    public static IDataSource<TrainingExample> WithoutHeldOut(this IDataSource<TrainingExample> source, HeldOutSplit split)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(split);
        return source.Where(example => !split.IsHeldOut(example), "without " + split.Identity);
    }

    /// <summary>The examples that are held out.</summary>
    /// <param name="source">The examples, of the same data; used by the new source alone from now on.</param>
    /// <param name="split">What is held out.</param>
    /// <returns>A source that can be resumed wherever <paramref name="source"/> can; a state of another split, or of its other side, is refused.</returns>
    public static IDataSource<TrainingExample> OnlyHeldOut(this IDataSource<TrainingExample> source, HeldOutSplit split)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentNullException.ThrowIfNull(split);
        return source.Where(split.IsHeldOut, "only " + split.Identity);
    }
}
