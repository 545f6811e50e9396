namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Several needles at even steps from a depth to the end of a long text, and one question about all of them. The score is the share that was found.</summary>
/// <remarks>The multi-needle test of gkamradt/LLMTest_NeedleInAHaystack 7b90d28, scored by key phrases; what differs is said at <see cref="NeedleTask"/>.</remarks>
/// <param name="options">The grid, needles and question. Default: five needles of the library's own.</param>
/// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
/// <exception cref="FileNotFoundException">There is no such file.</exception>
public sealed class MultiNeedleTask(MultiNeedleTaskOptions? options = null) : NeedleTestTask(options ?? new MultiNeedleTaskOptions());
