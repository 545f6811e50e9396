using System.Text;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>How likely one choice is.</summary>
/// <param name="Choice">The choice, without the delimiter.</param>
/// <param name="LogLikelihood">Sum over its tokens, given the prompt.</param>
/// <param name="Tokens">How many were scored.</param>
internal sealed record ChoiceScore(string Choice, double LogLikelihood, int Tokens)
{
    /// <summary>The figures' names, those of lm-evaluation-harness where it has one.</summary>
    public static IReadOnlyList<KeyValuePair<ChoiceNormalization, string>> Names { get; } =
    [
        new(ChoiceNormalization.None, "acc"),
        new(ChoiceNormalization.Characters, "acc_norm"),
        new(ChoiceNormalization.Bytes, "acc_bytes"),
        new(ChoiceNormalization.Tokens, "acc_tokens"),
        new(ChoiceNormalization.Unconditional, "acc_mutual_info"),
    ];

    /// <summary>The log-likelihood with nothing before it; null where it was not asked for.</summary>
    public double? Unconditional { get; init; }

    /// <summary>The first of the likeliest, as numpy.argmax gives it.</summary>
    public static int Likeliest(IReadOnlyList<ChoiceScore> scores, ChoiceNormalization normalization)
    {
        int best = 0;
        for (int i = 1; i < scores.Count; i++)
        {
            if (scores[i].By(normalization) > scores[best].By(normalization)) best = i;
        }

        return best;
    }

    private double By(ChoiceNormalization normalization) => normalization switch
    {
        ChoiceNormalization.Characters => LogLikelihood / Choice.EnumerateRunes().Count(),
        ChoiceNormalization.Bytes => LogLikelihood / Encoding.UTF8.GetByteCount(Choice),
        ChoiceNormalization.Tokens => LogLikelihood / Tokens,
        ChoiceNormalization.Unconditional => LogLikelihood - Unconditional!.Value,
        _ => LogLikelihood,
    };
}
