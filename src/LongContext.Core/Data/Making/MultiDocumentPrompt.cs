using System.Globalization;
using System.Text;

namespace LongContext.Data.Making;

/// <summary>The prompt of multi-document question answering.</summary>
/// <remarks>
/// Liu et al. 2023, "Lost in the Middle: How Language Models Use Long Contexts" (arXiv 2307.03172), word for word as their repository has it
/// (nelson-liu/lost-in-the-middle, src/lost_in_the_middle/prompts).
/// </remarks>
public static class MultiDocumentPrompt
{
    private const string Instruction =
        "Write a high-quality answer for the given question using only the provided search results (some of which might be irrelevant).";

    /// <summary>Writes the prompt, which ends with "Answer:".</summary>
    /// <param name="question">The question.</param>
    /// <param name="documents">The documents in their order, at least one; they are numbered from 1.</param>
    /// <param name="form">Which of the three. Default: <see cref="MultiDocumentForm.Plain"/>.</param>
    /// <exception cref="ArgumentException">No question, or no document.</exception>
    public static string Write(string question, IReadOnlyList<PassageDocument> documents, MultiDocumentForm form = MultiDocumentForm.Plain)
    {
        ArgumentException.ThrowIfNullOrEmpty(question);
        ArgumentNullException.ThrowIfNull(documents);
        if (documents.Count == 0) throw new ArgumentException("There is no document.", nameof(documents));
        (string before, string context, string after) = Parts(question, documents, form);
        return before + context + after;
    }

    /// <summary>The prompt's parts: only the one between is documents.</summary>
    internal static (string Before, string Context, string After) Parts(string question, IReadOnlyList<PassageDocument> documents, MultiDocumentForm form)
    {
        string before = form switch
        {
            MultiDocumentForm.RandomOrder => Instruction + " The search results are ordered randomly.\n\n",
            MultiDocumentForm.QueryAware => $"{Instruction}\n\nQuestion: {question}\n\n",
            _ => Instruction + "\n\n",
        };
        StringBuilder context = new();
        for (int i = 0; i < documents.Count; i++)
        {
            context.Append(CultureInfo.InvariantCulture, $"Document [{i + 1}](Title: {documents[i].Title}) {documents[i].Text}\n");
        }

        return (before, context.ToString(), $"\nQuestion: {question}\nAnswer:");
    }
}
