using LongContext.Data;
using LongContext.Data.Reading;

namespace LongContext.Samples.Shared.Folder;

/// <summary>A user's files, read whole and divided.</summary>
internal static class HeldOutData
{
    /// <summary>
    /// The last fifth is held out, of that no more than was asked for; where nothing is trained, as many as were asked for. What is held out is not trained on in another
    /// record either: published files have a row for each summary of a chapter, and a file for each place of a question's document.
    /// </summary>
    /// <param name="options">The files, and how many to hold out.</param>
    /// <param name="read">What a record says.</param>
    /// <param name="key">What two records share that must not be divided.</param>
    /// <param name="what">What the data consist of, for the message when there is none.</param>
    /// <param name="cancellationToken">Ends reading.</param>
    public static (T[] Training, T[] HeldOut) Read<T>(FolderOptions options, Func<DataRecord, T?> read, Func<T, string> key, string what, CancellationToken cancellationToken)
        where T : class
    {
        using RecordSource<T> source = RecordSource.FromFiles(options.Data, read);
        T[] all = [.. source.AsEnumerable(cancellationToken)];
        if (all.Length == 0) throw new UsageException($"There is no {what} in the data.");
        int heldOut = Math.Min(options.HeldOut, options.MeasureOnly ? all.Length : Math.Max(1, all.Length / 5));
        HashSet<string> held = [.. all[^heldOut..].Select(key)];
        T[] training = [.. all[..^heldOut].Where(item => !held.Contains(key(item)))];
        if (training.Length == 0 && !options.MeasureOnly) throw new UsageException($"There is no {what} to train on beside the {held.Count} held out.");
        return (training, all[^heldOut..]);
    }
}
