namespace LongContext.Evaluation.Runs;

/// <summary>Results of items as they come, so that a run that is started again does not evaluate them once more.</summary>
internal sealed class ResultJournal : IDisposable
{
    public const string FileName = "results.jsonl";

    private readonly Dictionary<(string Settings, string Item), (long Offset, int Length)> places = [];
    private readonly LineFile? file;

    /// <param name="folder">Where the file is, or null for none.</param>
    /// <param name="time">Says when to flush.</param>
    public ResultJournal(string? folder, TimeProvider time)
    {
        if (folder is null) return;
        int unread = 0;
        file = LineFile.Open(Path.Combine(folder, FileName), time, (line, offset) =>
        {
            if (RunJson.TryRead<Record>(line) is { Settings: { } settings, Result: { Item: { } item } }) places[(settings, item)] = (offset, line.Length);
            else unread++;
        });
        DamagedLines = file.DamagedLines + unread;
    }

    /// <summary>Lines that could not be read; such items are evaluated again.</summary>
    public int DamagedLines { get; }

    /// <summary>The result of an item that is what it was, or null.</summary>
    /// <param name="settings">Stands for model, strategy and task with all their settings.</param>
    /// <param name="item">The item's id.</param>
    /// <param name="fingerprint">Stands for the item's content.</param>
    public ItemResult? TryGet(string settings, string item, string fingerprint)
    {
        if (file is null) return null;
        (long Offset, int Length) place;
        lock (places)
        {
            if (!places.TryGetValue((settings, item), out place)) return null;
        }

        return RunJson.TryRead<Record>(file.Read(place.Offset, place.Length)) is { } record && record.Fingerprint == fingerprint ? record.Result : null;
    }

    /// <exception cref="EvaluationRunException">It cannot be written.</exception>
    public void Add(string settings, string fingerprint, ItemResult result)
    {
        if (file is null) return;
        (long Offset, int Length) place = file.Append(RunJson.Write(new Record(settings, fingerprint, result)));
        lock (places) places[(settings, result.Item)] = place;
    }

    public void Flush() => file?.Flush();

    public void Dispose() => file?.Dispose();

    private sealed record Record(string Settings, string Fingerprint, ItemResult Result);
}
