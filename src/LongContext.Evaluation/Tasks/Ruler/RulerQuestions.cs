using LongContext.Data;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>Questions about documents, and other documents to put beside these.</summary>
internal abstract class RulerQuestions
{
    public abstract int Count { get; }

    public abstract string Identity { get; }

    /// <summary>A question.</summary>
    public abstract RulerQuestion Get(int index);

    /// <summary>Documents beside a question's own in random order, as many as are asked for where there is one.</summary>
    public abstract IEnumerable<string> Distractors(RulerQuestion question, int index, SplitMix64 random);

    /// <summary>Whether a document holds one of a question's answers as whole words; "yes" and "no" are nothing that a document holds.</summary>
    protected static bool HoldsAnswer(string document, RulerQuestion question) =>
        question.Answers.Any(answer => !answer.Equals("yes", StringComparison.OrdinalIgnoreCase) && !answer.Equals("no", StringComparison.OrdinalIgnoreCase) && Holds(document, answer));

    protected static bool Holds(string document, string text)
    {
        if (text.Length == 0) return false;
        for (int at = 0; (at = document.IndexOf(text, at, StringComparison.OrdinalIgnoreCase)) >= 0; at++)
        {
            int end = at + text.Length;
            bool begins = at == 0 || !char.IsLetterOrDigit(document[at - 1]) || !char.IsLetterOrDigit(text[0]);
            bool ends = end == document.Length || !char.IsLetterOrDigit(document[end]) || !char.IsLetterOrDigit(text[^1]);
            if (begins && ends) return true;
        }

        return false;
    }
}
