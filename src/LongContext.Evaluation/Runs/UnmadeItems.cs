using System.Globalization;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Runs;

/// <summary>What is said of items that cannot be made, such as those of a length that not even the question has.</summary>
internal static class UnmadeItems
{
    private const string TokensNeeded = "tokens needed";

    public static string Fault(ItemSource.Made made)
    {
        string count = made.Missing is { } missing ? string.Create(CultureInfo.InvariantCulture, $"{missing:N0} items") : "Its items";
        return $"{count} cannot be made: {FaultText.MessageOf(made.Fault!)}";
    }

    public static IReadOnlyDictionary<string, double> Details(ItemSource.Made made) =>
        LengthFault.RequiredOf(made.Fault!) is { } needed ? new Dictionary<string, double> { [TokensNeeded] = needed } : new Dictionary<string, double>();

    /// <summary>A sentence for each model that lacks some.</summary>
    public static IEnumerable<string> Notes(IEnumerable<TaskSummary> summaries, IEnumerable<ItemResult> results)
    {
        ILookup<(string, string), ItemResult> unmade = results.Where(result => result.Status == ItemStatus.NotMade).ToLookup(result => (result.Model, result.Task));
        // Every strategy lacks the same.
        foreach (IGrouping<string, TaskSummary> model in summaries.Where(summary => summary.NotMade > 0).DistinctBy(summary => (summary.Model, summary.Task)).GroupBy(summary => summary.Model))
        {
            string tasks = string.Join(", ", model.Select(summary => string.Create(CultureInfo.InvariantCulture, $"{summary.NotMade:N0} of '{summary.Task}'{Needed(unmade[(summary.Model, summary.Task)])}")));
            yield return string.Create(CultureInfo.InvariantCulture, $"For the model '{model.Key}' {model.Sum(summary => summary.NotMade):N0} items cannot be made: {tasks}. Running again does not change that; they count in no mean.");
        }
    }

    private static string Needed(IEnumerable<ItemResult> unmade)
    {
        string[] lengths = [.. unmade.Where(result => result.Details.ContainsKey(TokensNeeded)).DistinctBy(result => result.Length)
            .Select(result => string.Create(CultureInfo.InvariantCulture, $"length {result.Length:N0} takes {result.Details[TokensNeeded]:N0} tokens at least"))];
        return lengths.Length == 0 ? "" : $" ({string.Join("; ", lengths)})";
    }
}
