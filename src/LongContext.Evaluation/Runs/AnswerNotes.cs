using System.Globalization;

namespace LongContext.Evaluation.Runs;

/// <summary>Says so where answers that count as wrong were cut at their limit of tokens, or are empty: neither tells that the model does not know.</summary>
internal static class AnswerNotes
{
    public static IEnumerable<string> Of(IEnumerable<ItemResult> results)
    {
        foreach (IGrouping<(string Model, string Strategy, string Task), ItemResult> group in results.Where(result => result.Status == ItemStatus.Scored)
            .GroupBy(result => (result.Model, result.Strategy, result.Task)))
        {
            int all = 0, cut = 0, empty = 0, thought = 0;
            foreach (ItemResult result in group)
            {
                all++;
                if (result.IsEmpty)
                {
                    empty++;
                    if (result.OnlyReasoning) thought++;
                }
                else if (result.IsCutByLength && result.Score < 1)
                {
                    cut++;
                }
            }

            string who = $"'{group.Key.Model}' in '{group.Key.Task}' ({group.Key.Strategy})";
            if (empty > 0)
            {
                string thoughts = thought == 0 ? "" : string.Create(CultureInfo.InvariantCulture, $", {thought:N0} of them because the model only thought (give it more tokens)");
                yield return string.Create(CultureInfo.InvariantCulture, $"{who}: {empty:N0} of {all:N0} answers are empty{thoughts}; they were scored as they are.");
            }

            if (cut > 0) yield return string.Create(CultureInfo.InvariantCulture, $"{who}: {cut:N0} of {all:N0} answers were cut at their limit of tokens and did not reach the full score; what would have come next was not seen.");
        }
    }
}
