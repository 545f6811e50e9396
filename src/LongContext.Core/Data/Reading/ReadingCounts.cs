using System.Runtime.ExceptionServices;

namespace LongContext.Data.Reading;

/// <summary>What a source counts, and when there are too many bad lines.</summary>
internal sealed class ReadingCounts(RecordSourceOptions options)
{
    /// <summary>The share of bad lines says nothing before so many lines.</summary>
    private const int ShareAfter = 1000;

    private readonly List<string> faults = [];

    public long Records { get; set; }

    public long LeftOut { get; set; }

    public long BadLines { get; private set; }

    public IReadOnlyList<string> Faults => [.. faults];

    /// <summary>Counts a bad line, or a file whose rest cannot be read, or throws it where it is to stop the reading.</summary>
    public void Pass(DataFormatException fault, bool endsFile)
    {
        if (options.BadLines == Reading.BadLines.Stop || (endsFile && !options.SkipBrokenFiles)) ExceptionDispatchInfo.Throw(fault);
        long bad = BadLines + 1, lines = Records + LeftOut + bad;
        if (bad > options.MaximumBadLines)
            throw TooMany(fault, FormattableString.Invariant($"more than the {options.MaximumBadLines} that MaximumBadLines allows"));
        if (lines >= ShareAfter && bad > options.MaximumBadShare * lines)
            throw TooMany(fault, FormattableString.Invariant($"{bad} of {lines}, more than the share of {options.MaximumBadShare} that MaximumBadShare allows"));

        options.OnBadLine?.Invoke(fault);
        BadLines = bad;
        if (faults.Count < options.ReportedFaults) faults.Add(fault.Message);
    }

    public StreamState Capture()
    {
        StreamState state = new StreamState("counts").Set("records", Records).Set("left-out", LeftOut).Set("bad-lines", BadLines).Set("faults", faults.Count);
        for (int i = 0; i < faults.Count; i++) state.Set(FormattableString.Invariant($"fault-{i}"), faults[i]);
        return state;
    }

    public static ReadingCounts From(StreamState state, RecordSourceOptions options)
    {
        state.RequireKind("counts");
        ReadingCounts counts = new(options)
        {
            Records = state.GetNumber("records", 0),
            LeftOut = state.GetNumber("left-out", 0),
            BadLines = state.GetNumber("bad-lines", 0),
        };
        long kept = state.GetNumber("faults", 0, 1000);
        for (long i = 0; i < kept; i++) counts.faults.Add(state.GetText(FormattableString.Invariant($"fault-{i}")));
        return counts;
    }

    private static DataFormatException TooMany(DataFormatException fault, string why) =>
        new($"{fault.Message} There are too many bad lines: {why}.", fault) { Path = fault.Path, LineNumber = fault.LineNumber, EndsFile = fault.EndsFile };
}
