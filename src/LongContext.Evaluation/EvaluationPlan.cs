using System.Globalization;
using System.Text;

namespace LongContext.Evaluation;

/// <summary>What a run would take, before anything is asked.</summary>
/// <remarks>
/// Prompts are counted whole, cut as full context would be: strategies that shorten them make them cheaper. One that does not fit whole is counted at the window's size for the other
/// strategies. Answers are counted at their longest, and one request an item: what judges, re-rankers, compressors and embedding generators are asked comes on top, and so do tasks that ask
/// more than once, further tries and chat templates; the figures are no upper bound. What a folder has kept already is not taken off.
/// </remarks>
public sealed record EvaluationPlan
{
    /// <summary>Model by model and task by task. Required.</summary>
    public required IReadOnlyList<EvaluationPlanEntry> Entries { get; init; }

    /// <summary>The currency's name that costs are in, or null (the default).</summary>
    public string? Currency { get; init; }

    /// <summary>Requests in all.</summary>
    public long Requests => Entries.Sum(entry => (long)entry.Requests);

    /// <summary>Tokens of all prompts.</summary>
    public long PromptTokens => Entries.Sum(entry => entry.PromptTokens);

    /// <summary>Tokens of all answers at most.</summary>
    public long AnswerTokens => Entries.Sum(entry => entry.AnswerTokens);

    /// <summary>About what it costs, or null where a model has no price.</summary>
    public decimal? Cost => Entries.Any(entry => entry.Cost is null) ? null : Entries.Sum(entry => entry.Cost!.Value);

    /// <summary>A line for each entry and one for all together.</summary>
    public override string ToString()
    {
        StringBuilder text = new();
        void Line(string what, long items, long requests, long prompts, long answers, decimal? cost, string more = "")
        {
            text.Append(CultureInfo.InvariantCulture, $"{what}: {items:N0} items, {requests:N0} requests, {prompts:N0} tokens of prompts, up to {answers:N0} of answers");
            if (cost is { } known) text.Append(CultureInfo.InvariantCulture, $", about {known:N2}{(Currency is null ? "" : " " + Currency)}");
            text.Append(more).Append('\n');
        }

        foreach (EvaluationPlanEntry entry in Entries)
        {
            Line($"{entry.Model}, {entry.Task}", entry.Items, entry.Requests, entry.PromptTokens, entry.AnswerTokens, entry.Cost);
            if (entry.TooLong > 0) text.Append(CultureInfo.InvariantCulture, $"  {entry.TooLong:N0} items do not fit whole\n");
            if (entry.Fault is { } fault) text.Append(CultureInfo.InvariantCulture, $"  {fault}\n");
        }

        Line("all", Entries.Sum(entry => (long)entry.Items), Requests, PromptTokens, AnswerTokens, Cost, "; without judges, re-rankers, compressors, embeddings, second questions, further tries and chat templates");
        return text.ToString();
    }
}
