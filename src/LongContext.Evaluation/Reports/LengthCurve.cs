namespace LongContext.Evaluation.Reports;

/// <summary>One line of a picture: a contender's mean scores by length.</summary>
internal sealed record LengthCurve(Contender Contender, IReadOnlyList<LengthPoint> Points)
{
    public static IReadOnlyList<LengthCurve> Of(TaskView task, IEnumerable<Contender> contenders) =>
        [.. contenders.Where(task.ByLength.ContainsKey).Select(contender => new LengthCurve(contender, [.. task.ByLength[contender].Select(entry => Point(task, contender, entry.Key, entry.Value))]))];

    /// <summary>By the scores' mean, or by what the task combines them to.</summary>
    private static LengthPoint Point(TaskView task, Contender contender, int length, Tally tally)
    {
        IReadOnlyList<LengthMean> combined = task.Summaries.GetValueOrDefault(contender)?.LengthMeans ?? [];
        return combined.Where(mean => mean.Length == length).Select(mean => (double?)mean.Mean).FirstOrDefault() is { } own
            ? new LengthPoint(length, own, null, tally.Count)
            : new LengthPoint(length, tally.Mean, tally.Interval(task.IsShare), tally.Count);
    }

    /// <summary>Means over tasks, at the lengths that a contender has in all of them; none where that would be one task or no length.</summary>
    public static IReadOnlyList<LengthCurve> OfAll(IReadOnlyList<TaskView> tasks, IEnumerable<Contender> contenders)
    {
        TaskView[] shares = [.. tasks.Where(task => task.IsShare && task.HasCurves)];
        if (shares.Length < 2) return [];
        List<LengthCurve> curves = [];
        foreach (Contender contender in contenders)
        {
            if (!shares.All(task => task.ByLength.ContainsKey(contender))) continue;
            List<LengthPoint> points = [];
            foreach (int length in shares[0].ByLength[contender].Keys)
            {
                if (!shares.All(task => task.ByLength[contender].ContainsKey(length))) continue;
                Tally[] tallies = [.. shares.Select(task => task.ByLength[contender][length])];
                (double mean, ConfidenceInterval? interval) = Tally.OfMeans(tallies);
                if (interval is { } given) interval = given with { Low = Math.Max(0, given.Low), High = Math.Min(1, given.High) };
                points.Add(new LengthPoint(length, mean, interval, tallies.Sum(tally => tally.Count)));
            }

            if (points.Count > 0) curves.Add(new LengthCurve(contender, points));
        }

        return curves.Any(curve => curve.Points.Count > 1) ? curves : [];
    }
}
