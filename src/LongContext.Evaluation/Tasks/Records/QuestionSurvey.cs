using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.Records;

/// <summary>What is known of questions once each has been looked at.</summary>
internal sealed class QuestionSurvey
{
    // "no", "yes", "17": words that stand in many an answer which means something else.
    private const int LongestShort = 3;

    private readonly HashSet<string> metrics = new(StringComparer.Ordinal);
    private int shortAnswers;
    private string? example;

    public int Count { get; private set; }

    /// <summary>What the score is called: where there is no one metric, "score".</summary>
    public string ScoreName => metrics.Count == 1 ? metrics.Single() : "score";

    /// <summary>A warning where some right answers are short and looked for in what the model says, or null.</summary>
    public string? Note => shortAnswers == 0 ? null : FormattableString.Invariant(
        $"{shortAnswers} of {Count} questions have a right answer as short as \"{example}\", which an answer may hold that means something else; {AnswerMetrics.ExactMatch} with a short prompt, or choices, leave no room for that.");

    public void Add(EvaluationItem item, AnswerMetric metric)
    {
        Count++;
        metrics.Add(metric.Name);
        if (!AnswerMetrics.Searches(metric) || item.Answers.FirstOrDefault(IsShort) is not { } found) return;
        shortAnswers++;
        example ??= Words.Trim(found);
    }

    private static bool IsShort(string answer)
    {
        List<string> words = AnswerWords.Wanted(answer);
        // A number's unit is a word of its own, "3D" as short as "17".
        return words.Count == 0 || (words.Sum(word => word.Length) <= LongestShort && (words.Count == 1 || char.IsAsciiDigit(words[0][0])));
    }
}
