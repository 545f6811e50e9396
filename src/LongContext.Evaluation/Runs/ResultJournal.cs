namespace LongContext.Evaluation.Runs;

/// <summary>Results of items as they come, so that a run that is started again does not evaluate them once more.</summary>
internal sealed class ResultJournal : IDisposable
{
    public const string FileName = "results.jsonl";

    private readonly Dictionary<(string Settings, string Item), (long Offset, int Length)> places = [];
    private readonly Dictionary<string, List<string>> items = new(StringComparer.Ordinal); // by settings, in the order they came
    private readonly LineFile? file;

    /// <param name="folder">Where the file is, or null for none.</param>
    /// <param name="time">Says when to flush.</param>
    public ResultJournal(string? folder, TimeProvider time)
    {
        if (folder is null) return;
        int unread = 0;
        file = LineFile.Open(Path.Combine(folder, FileName), "settings", time, (line, offset) =>
        {
            if (RunJson.TryRead<Record>(line) is { Settings: { } settings, Fingerprint: not null, Number: >= 0, Result: { } result } && IsSound(result))
                Place(settings, result.Item, (offset, line.Length));
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

    /// <summary>All results under some settings, by their items' numbers.</summary>
    public IReadOnlyList<(int Number, ItemResult Result)> All(string settings)
    {
        if (file is null) return [];
        (long Offset, int Length)[] found;
        lock (places) found = [.. items.GetValueOrDefault(settings, []).Select(item => places[(settings, item)])];
        return
        [
            .. found.Select(place => RunJson.TryRead<Record>(file.Read(place.Offset, place.Length))).OfType<Record>()
                .Select(record => (record.Number, record.Result)).OrderBy(pair => pair.Number),
        ];
    }

    /// <param name="settings">As in <see cref="TryGet"/>.</param>
    /// <param name="fingerprint">As in <see cref="TryGet"/>.</param>
    /// <param name="number">The item's place in its task.</param>
    /// <param name="result">The result.</param>
    /// <exception cref="EvaluationRunException">It cannot be written.</exception>
    public void Add(string settings, string fingerprint, int number, ItemResult result)
    {
        if (file is null) return;
        (long Offset, int Length) place = file.Append(RunJson.Write(new Record(settings, fingerprint, number, result)));
        Place(settings, result.Item, place);
    }

    public void Flush() => file?.Flush();

    public void Dispose() => file?.Dispose();

    /// <summary>Whether a result can be one, whoever has written it: what is read here goes into means and reports as it is.</summary>
    private static bool IsSound(ItemResult result) =>
        result is { Model: not null, Strategy: not null, Task: not null, Item: not null, Details: not null, Properties: not null, References: not null }
        && Enum.IsDefined(result.Status)
        && (result.Status == ItemStatus.Scored) == result.Score.HasValue
        && result.Properties.All(pair => pair.Value is not null) && result.References.All(reference => reference is not null)
        && result is { Requests: >= 0, InputTokens: >= 0, OutputTokens: >= 0, Length: null or >= 0, Cost: null or >= 0 } && result.Duration >= TimeSpan.Zero;

    private void Place(string settings, string item, (long Offset, int Length) place)
    {
        lock (places)
        {
            if (!places.ContainsKey((settings, item)))
            {
                if (!items.TryGetValue(settings, out List<string>? own)) items[settings] = own = [];
                own.Add(item);
            }

            places[(settings, item)] = place;
        }
    }

    private sealed record Record(string Settings, string Fingerprint, int Number, ItemResult Result);
}
