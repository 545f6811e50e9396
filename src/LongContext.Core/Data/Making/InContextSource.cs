using LongContext.Data.Examples;
using LongContext.Data.Operators;

namespace LongContext.Data.Making;

/// <summary>
/// Sequences of in-context examples. Groups fill up side by side, so the state is the place of the first example that is in no sequence yet, and which of
/// the examples after it already are; after a restart the groups are filled again from there.
/// </summary>
internal sealed class InContextSource(IDataSource<TrainingExample> source, InContextPacker packer, OverlongCount overlong)
    : OperatorSource<TrainingExample, TrainingExample>(source, "in-context", packer.Identity)
{
    private const string UsedName = "used", UsedCountName = "used-count", OverlongName = "overlong";

    private readonly InContextOptions options = packer.Options;
    private readonly Dictionary<string, Open> groups = [];
    private readonly List<bool> used = []; // of the examples from the place on
    private int scanned;
    private int window; // examples before this one had been looked at before a restart

    public override TrainingExample? Next(CancellationToken cancellationToken = default)
    {
        while (true)
        {
            cancellationToken.ThrowIfCancellationRequested();
            if (scanned >= options.LookAhead && groups.Count > 1 && scanned >= window) return Close(Oldest());
            if (Cursor.Peek(scanned, cancellationToken) is not { } example) return groups.Count == 0 ? null : Close(Oldest());
            if (scanned < used.Count && used[scanned])
            {
                scanned++;
                continue;
            }

            string key = Group(example);
            bool begun = groups.TryGetValue(key, out Open? open);
            open ??= Begin(key);
            if (open.Pack.TryAdd(example))
            {
                open.Places.Add(scanned);
                groups[key] = open;
                Mark(false);
            }
            else if (begun)
            {
                return Close(key);
            }
            else if (options.SkipOverlong)
            {
                Mark(true);
                Advance();
                overlong.Value++;
            }
            else
            {
                throw new ArgumentException(
                    $"{example.Origin?.ToString() ?? "An example"}: the example has {options.Tokenizer.CountTokens(InContextPack.Text(example))} tokens, a sequence holds {options.ContextLength - options.ReservedTokens}; set {nameof(InContextOptions.SkipOverlong)} to leave such examples out.");
            }
        }
    }

    protected override void Save(StreamState state)
    {
        int[] bits = new int[(used.Count + 31) / 32];
        for (int i = 0; i < used.Count; i++)
        {
            if (used[i]) bits[i / 32] |= 1 << (i % 32);
        }

        state.Set(UsedCountName, used.Count).Set(OverlongName, overlong.Value).SetArray(UsedName, () => [bits]);
    }

    protected override Action Load(StreamState state)
    {
        int count = (int)state.GetNumber(UsedCountName, 0, int.MaxValue);
        long overlongThen = state.GetNumber(OverlongName, 0);
        ReadOnlyMemory<int> bits = state.GetArray(UsedName);
        if (bits.Length != (count + 31) / 32) throw state.Fault($"'{UsedName}' has {bits.Length} values, expected {(count + 31) / 32}");
        return () =>
        {
            groups.Clear();
            used.Clear();
            for (int i = 0; i < count; i++) used.Add((bits.Span[i / 32] & (1 << (i % 32))) != 0);
            scanned = 0;
            window = count;
            overlong.Value = overlongThen;
        };
    }

    private string Group(TrainingExample example)
    {
        if (options.GroupBy is null) return "";
        return options.GroupBy(example) ?? throw new InvalidOperationException($"{example.Origin?.ToString() ?? "An example"}: {nameof(InContextOptions.GroupBy)} gave null.");
    }

    private string Oldest() => groups.MinBy(pair => pair.Value.Places[0]).Key;

    private TrainingExample Close(string key)
    {
        Open open = groups[key];
        (TrainingExample made, int count) = open.Pack.Complete();
        Open? left = null;
        foreach (int place in open.Places.Skip(count))
        {
            // What the sequence gave back begins the group's next one.
            left ??= Begin(key);
            if (!left.Pack.TryAdd(Cursor.Peek(place)!)) throw new InvalidOperationException("The tokenizer counts fewer tokens for a text than for its beginning.");
            left.Places.Add(place);
        }

        foreach (int place in open.Places.Take(count)) used[place] = true;
        groups.Remove(key);
        if (left is not null) groups.Add(key, left);
        Advance();
        return made;
    }

    private Open Begin(string key) => new(new InContextPack(options, options.GroupBy is null ? null : key), []);

    private void Mark(bool isUsed)
    {
        if (scanned == used.Count) used.Add(isUsed);
        else used[scanned] = isUsed;
        scanned++;
    }

    /// <summary>Moves over the examples at the front that are in a sequence.</summary>
    private void Advance()
    {
        int count = 0;
        while (count < scanned && used[count]) count++;
        Cursor.Take(count);
        used.RemoveRange(0, count);
        scanned -= count;
        window = Math.Max(0, window - count);
        foreach (Open open in groups.Values)
        {
            for (int i = 0; i < open.Places.Count; i++) open.Places[i] -= count;
        }
    }

    private sealed record Open(InContextPack Pack, List<int> Places);
}
