using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Tells lists of items from others, in any process.</summary>
internal static class ItemsIdentity
{
    /// <summary>A hash of what is asked, chosen among and right.</summary>
    public static string Of(IReadOnlyList<EvaluationItem> items)
    {
        ArgumentNullException.ThrowIfNull(items);
        ContentHash hash = new();
        foreach (EvaluationItem item in items)
        {
            EvaluationPrompt prompt = item.Prompt;
            hash.Add(item.Id).Add(prompt.System).Add(prompt.Before).Add(prompt.Context).Add(prompt.After).Add(prompt.AnswerPrefix).Add(prompt.Style).Add(prompt.Truncation.Name);
            hash.AddAll(item.Choices).AddAll(item.Answers);
        }

        return hash.ToString();
    }

    /// <summary>A hash of texts.</summary>
    public static string Of(IEnumerable<string> texts) => new ContentHash().AddAll([.. texts]).ToString();
}
