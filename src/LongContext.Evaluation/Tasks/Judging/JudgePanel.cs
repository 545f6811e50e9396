using System.Globalization;
using LongContext.Evaluation.Runs;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>One or more judges of the same answers, and what they say together.</summary>
internal sealed class JudgePanel
{
    private readonly IReadOnlyList<Judge> judges;

    /// <exception cref="ArgumentException">There is no judge, or two of a name.</exception>
    public JudgePanel(IReadOnlyList<Judge>? judges, string parameter)
    {
        if (judges is not { Count: > 0 } || judges.Contains(null!)) throw new ArgumentException($"{parameter} is empty or has a null in it, expected at least one judge.", parameter);
        if (judges.GroupBy(judge => judge.Name, StringComparer.Ordinal).FirstOrDefault(group => group.Count() > 1) is { } twice)
            throw new ArgumentException($"{parameter} has two judges named \"{twice.Key}\", expected different names: their ratings are told apart by them.", parameter);
        this.judges = [.. judges];
    }

    public IReadOnlyList<Judge> Judges => judges;

    public string Identity => string.Join("; ", judges.Select(judge => judge.Identity));

    /// <summary>What is wrong with a number of rated answers, or null.</summary>
    public string? ExampleFault(int count) => judges.Select(judge => judge.Prompt.ExampleFault(count)).FirstOrDefault(fault => fault is not null);

    public ValueTask<ItemScore> ScoreAsync(IModelSession session, JudgeQuestion question, string answer, CancellationToken cancellationToken) =>
        ScoreAsync(judges, session, question, answer, cancellationToken);

    /// <summary>What the judges that can be asked say together.</summary>
    /// <exception cref="NotJudgedException">No judge gave a rating, or none could be asked; the message names each.</exception>
    public static async ValueTask<ItemScore> ScoreAsync(IReadOnlyList<Judge> judges, IModelSession session, JudgeQuestion question, string answer, CancellationToken cancellationToken)
    {
        List<JudgeVerdict> verdicts = [];
        List<Exception> faults = [];
        foreach (Judge judge in judges)
        {
            try
            {
                verdicts.Add(await judge.JudgeAsync(session, question, answer, cancellationToken).ConfigureAwait(false));
            }
            // Clients end their own waiting in the same way as those who cancel.
            catch (Exception fault) when (!cancellationToken.IsCancellationRequested && fault is not EvaluationRunException)
            {
                faults.Add(fault);
                verdicts.Add(new JudgeVerdict { Judge = judge.Name, Rating = null, Score = null, Fault = $"could not be asked: {FaultText.Of(fault)}" });
            }
        }

        if (faults.Count == 0) return Combine(verdicts);
        if (verdicts.Any(verdict => verdict.Score is not null)) return Combine(verdicts) with { IsProvisional = true };
        string what = judges.Count == 1 ? $"The judge '{judges[0].Name}' {verdicts[0].Fault}" : NoRating(verdicts);
        throw new NotJudgedException(what, faults.Find(fault => fault is ModelStoppedException) ?? faults[0]);
    }

    /// <summary>The mean of the judges' scores; a judge without a rating is left out of it, and counted.</summary>
    /// <exception cref="NotJudgedException">No judge gave a rating.</exception>
    public static ItemScore Combine(IReadOnlyList<JudgeVerdict> verdicts)
    {
        if (verdicts.All(verdict => verdict.Score is null)) throw new NotJudgedException(NoRating(verdicts));
        Dictionary<string, double> details = verdicts.Where(verdict => verdict.Rating is not null).ToDictionary(verdict => DetailOf(verdict.Judge), verdict => verdict.Rating!.Value);
        int unrated = verdicts.Count(verdict => verdict.Rating is null);
        if (unrated > 0) details[UnratedDetail] = unrated;
        return new ItemScore(verdicts.Average(verdict => verdict.Score)!.Value)
        {
            Details = details,
            Judged = string.Join("\n\n", verdicts.Select(verdict => $"{verdict.Judge}: {verdict.Reply?.Trim() ?? verdict.Fault}")),
        };
    }

    /// <summary>The mean on the scale of 0 to 100 and each judge's mean rating, how often a judge gave none, and how far several agree.</summary>
    public IEnumerable<TaskFigure> Figures(IReadOnlyList<ItemResult> results)
    {
        yield return new TaskFigure("score", results.Select(result => 100 * result.Score).Average());
        foreach (Judge judge in judges) yield return new TaskFigure($"rating by {judge.Name}", Ratings(results, judge).Average());
        // Where no answer was rated by any judge there are no results, and nobody can say how many ratings are missing.
        yield return new TaskFigure("ratings missing", results.Count == 0 ? null : results.Sum(result => result.Details.GetValueOrDefault(UnratedDetail)));
        if (judges.Count < 2) yield break;
        double?[][] ratings = [.. judges.Select(judge => Ratings(results, judge).ToArray())];
        yield return new TaskFigure("Krippendorff's alpha", JudgeAgreement.KrippendorffAlpha(ratings));
        for (int first = 0; first < judges.Count; first++)
        {
            for (int second = first + 1; second < judges.Count; second++)
            {
                (double[] a, double[] b) = Both(ratings[first], ratings[second]);
                string pair = judges.Count == 2 ? "" : string.Create(CultureInfo.InvariantCulture, $", {judges[first].Name} and {judges[second].Name}");
                yield return new TaskFigure($"weighted kappa{pair}", JudgeAgreement.WeightedKappa(a, b));
                yield return new TaskFigure($"Spearman's rho{pair}", JudgeAgreement.SpearmanCorrelation(a, b));
                yield return new TaskFigure($"mean difference{pair}", JudgeAgreement.MeanAbsoluteDifference(a, b));
                yield return new TaskFigure($"equal ratings (%){pair}", 100 * JudgeAgreement.ShareWithin(a, b, 0));
                yield return new TaskFigure($"ratings within 1 (%){pair}", 100 * JudgeAgreement.ShareWithin(a, b, 1));
            }
        }
    }

    /// <summary>The sum of the ratings, of several judges of their means; null where one is missing, as the authors' script has it, or judges have different scales.</summary>
    public double? RatingSum(IReadOnlyList<ItemResult> results)
    {
        if (judges.Any(judge => judge.HighestRating != judges[0].HighestRating)) return null;
        double sum = 0;
        foreach (ItemResult result in results)
        {
            if (Ratings([result], judges) is not { } ratings) return null;
            sum += ratings.Average();
        }

        return sum;
    }

    /// <summary>The mean of each part of the task on the scale of 0 to 100.</summary>
    public static IEnumerable<TaskFigure> GroupFigures(IReadOnlyList<ItemResult> results) => results.Where(result => result.Group is not null)
        .GroupBy(result => result.Group!, StringComparer.Ordinal).Select(group => new TaskFigure(group.Key, 100 * group.Average(result => result.Score)));

    private const string UnratedDetail = "judges without a rating";

    private static string NoRating(IEnumerable<JudgeVerdict> verdicts) => $"No judge rated the answer: {string.Join("; ", verdicts.Select(verdict => $"{verdict.Judge}: {verdict.Fault?.TrimEnd('.')}"))}.";

    private static string DetailOf(string judge) => $"rating by {judge}";

    /// <summary>All judges' ratings of a result, or null where one gave none.</summary>
    private static double[]? Ratings(ItemResult[] result, IReadOnlyList<Judge> judges)
    {
        double?[] ratings = [.. judges.SelectMany(judge => Ratings(result, judge))];
        return ratings.Contains(null) ? null : [.. ratings.Select(rating => rating!.Value)];
    }

    private static IEnumerable<double?> Ratings(IEnumerable<ItemResult> results, Judge judge) =>
        results.Select(result => result.Details.TryGetValue(DetailOf(judge.Name), out double rating) ? rating : (double?)null);

    private static (double[] First, double[] Second) Both(double?[] first, double?[] second)
    {
        (double?, double?)[] both = [.. first.Zip(second).Where(pair => pair is { First: not null, Second: not null })];
        return ([.. both.Select(pair => pair.Item1!.Value)], [.. both.Select(pair => pair.Item2!.Value)]);
    }
}
