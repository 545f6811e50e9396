namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>A task's summary, known again by its name as one of LongBench's.</summary>
internal sealed record LongBenchResult(TaskSummary Summary, bool IsE, string DataSet, string? Note, bool IsComparable)
{
    /// <summary>
    /// Whether the figures are of fewer items than there are. How many LongBench-E has of each is not known here: that some were left out is then known by the task's name or by what it says of itself.
    /// </summary>
    public bool IsIncomplete => Summary.Failed + Summary.TooLong + Summary.NotAsked + Summary.NotMade + Summary.NotJudged > 0 || Note is not null
        || (IsE ? Summary.Deviations.Any(TaskDeviations.IsFirst) : Summary.Scored < LongBenchDataSet.All.First(set => set.Name == DataSet).ItemCount);

    /// <summary>Null for another task.</summary>
    public static LongBenchResult? Of(TaskSummary summary)
    {
        int slash = summary.Task.IndexOf('/', StringComparison.Ordinal);
        bool isE = slash >= 0 && summary.Task[..slash] == "longbench-e";
        if (!isE && (slash < 0 || summary.Task[..slash] != "longbench")) return null;
        string rest = summary.Task[(slash + 1)..];
        int notes = rest.IndexOf(" (", StringComparison.Ordinal);
        string name = notes < 0 ? rest : rest[..notes];
        if (!(isE ? LongBenchDataSet.AllOfE : LongBenchDataSet.All).Any(set => set.Name == name)) return null;
        string[] said = notes < 0 ? [] : rest[(notes + 2)..^1].Split("; ");
        return new LongBenchResult(summary, isE, name, said.FirstOrDefault(note => note != LongBenchTask.NotComparable), !said.Contains(LongBenchTask.NotComparable));
    }

    /// <summary>A figure that can be compared with published ones, or null.</summary>
    public double? Figure(string name) => IsComparable ? Summary.Figures.FirstOrDefault(figure => figure.Name == name)?.Value : null;
}
