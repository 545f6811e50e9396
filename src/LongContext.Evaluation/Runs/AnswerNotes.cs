using System.Globalization;

namespace LongContext.Evaluation.Runs;

/// <summary>Says so where answers that count as wrong were cut at their limit of tokens, or are empty: neither tells that the model does not know.</summary>
internal static class AnswerNotes
{
    /// <summary>A sentence of each kind for each model with each strategy.</summary>
    public static IEnumerable<string> Of(IEnumerable<ItemResult> results)
    {
        foreach (IGrouping<(string Model, string Strategy), ItemResult> contender in results.Where(result => result.Status == ItemStatus.Scored).GroupBy(result => (result.Model, result.Strategy)))
        {
            List<string> empty = [], cut = [];
            foreach (IGrouping<string, ItemResult> task in contender.GroupBy(result => result.Task))
            {
                int all = task.Count(), none = task.Count(result => result.IsEmpty), thoughts = task.Count(result => result.IsEmpty && result.OnlyReasoning);
                int ended = task.Count(result => !result.IsEmpty && result.IsCutByLength && result.Score < 1);
                if (none > 0) empty.Add(string.Create(CultureInfo.InvariantCulture, $"{none:N0} of {all:N0} in '{task.Key}'{(thoughts > 0 ? $" ({thoughts.ToString("N0", CultureInfo.InvariantCulture)} where the model only thought: give it more tokens)" : "")}"));
                if (ended > 0) cut.Add(string.Create(CultureInfo.InvariantCulture, $"{ended:N0} of {all:N0} in '{task.Key}'"));
            }

            string who = $"'{contender.Key.Model}' ({contender.Key.Strategy})";
            if (empty.Count > 0) yield return $"{who} gave empty answers, which were scored as they are: {string.Join(", ", empty)}.";
            if (cut.Count > 0) yield return $"{who} gave answers that were cut at their limit of tokens and did not reach the full score; what would have come next was not seen: {string.Join(", ", cut)}.";
        }
    }
}
