using LongContext.Data.Examples;

namespace LongContext.Data.Writing;

/// <summary>The end of a stream of examples: files.</summary>
public static class JsonLinesExtensions
{
    /// <summary>
    /// Reads examples to their end and writes them as JSON lines, compressed where the name ends with <c>.gz</c> or <c>.zst</c>. Files take their places when all
    /// are whole on disk; when anything fails or is cancelled nothing stays behind, and files that were there before stay as they were.
    /// </summary>
    /// <param name="source">The examples, from where it stands; they may come from the very files that are replaced.</param>
    /// <param name="path">
    /// The file, which ends with <c>.jsonl</c> or <c>.ndjson</c> before any <c>.gz</c> or <c>.zst</c>; its folder is made. For files of
    /// <paramref name="examplesPerFile"/> its name has one "*", for which they have their number: <c>clean/part-*.jsonl.zst</c>, the pattern by which they are read again.
    /// </param>
    /// <param name="examplesPerFile">Examples of a file, at least 1, or null (the default) for one file. Files of an earlier run with higher numbers are left as they are.</param>
    /// <param name="cancellationToken">Ends it.</param>
    /// <returns>How much was written.</returns>
    /// <exception cref="ArgumentException">The name has another ending, or its "*" and <paramref name="examplesPerFile"/> do not go together.</exception>
    /// <exception cref="ArgumentOutOfRangeException"><paramref name="examplesPerFile"/> is below 1.</exception>
    /// <exception cref="IOException">A file cannot be written.</exception>
    /// <exception cref="OperationCanceledException">Cancelled.</exception>
    /// <remarks>
    /// Lines are of the forms that <see cref="ColumnMap.Auto"/> and other programs know: <c>text</c>; <c>prompt</c> and <c>completion</c>; <c>messages</c> of <c>role</c> and
    /// <c>content</c> (with <c>weight</c> 0 for an answer that is not learned, and <c>reasoning_content</c>); <see cref="SegmentsExample"/> as <c>segments</c> of
    /// <c>text</c> and <c>counts</c>. <see cref="TrainingExample.Properties"/> stand in <c>properties</c>, <see cref="PromptExample.PromptCounts"/> in
    /// <c>prompt_counts</c>, and are read by <see cref="ColumnMap.Written"/> alone. Half of a surrogate pair, which UTF-8 cannot hold, becomes U+FFFD. Memory is that of
    /// the longest example.
    /// </remarks>
    public static JsonLinesReport WriteJsonLines(this IDataSource<TrainingExample> source, string path, long? examplesPerFile = null, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(source);
        ArgumentException.ThrowIfNullOrEmpty(path);
        if (examplesPerFile is { } most) ArgumentOutOfRangeException.ThrowIfLessThan(most, 1, nameof(examplesPerFile));
        return new JsonLinesWriter(path, examplesPerFile).Write(source, cancellationToken);
    }
}
