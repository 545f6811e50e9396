namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>The words of the ready judge prompts.</summary>
internal static class JudgeTexts
{
    /// <summary>The system message of LongBench-Chat's eval.py, word for word: a comparable rating needs it.</summary>
    public const string RatingSystem = "You're a good assistant at evaluating the quality of texts.";

    public const string NeedleSystem = "You rate answers strictly and without regard to their style.";

    public const string Rating =
        """
        You are an impartial judge of answers to questions about long documents. You do not see the document: the reference answer below says what is right.

        Compare the answer with the reference answer. Correctness matters most: find every statement that contradicts the reference or leaves out what it says, and weigh
        how much that harms the answer to the question. Then consider how helpful the answer is to the person who asked, how accurate its details are, and
        whether everything in it belongs to the question; wrong or irrelevant additions lower the rating.

        Give a whole number from 1 (useless) to 10 (as good as the reference) in double brackets, for example [[5]].

        [Question]
        {question}

        [Reference answer]
        {reference}
        [End of the reference answer]

        {examples}[Answer to rate]
        {answer}
        [End of the answer to rate]

        Rating:
        """;

    public const string Example =
        """
        [An answer that was rated before]
        {answer}
        [End of that answer]

        Rating: [[{rating}]]


        """;

    public const string Needle =
        """
        Rate how far an answer to a question says what the reference says. Take one of these ratings:
        1: the answer has nothing to do with the reference.
        3: it is remotely about the same thing, but does not say what the reference says.
        5: it says some of it, with mistakes.
        7: it says it, with small omissions.
        10: it says all of it, and nothing that is wrong.

        [Question]
        {question}

        [Reference]
        {reference}
        [End of the reference]

        [Answer]
        {answer}
        [End of the answer]

        Reply with the rating alone, in double brackets, for example [[5]].
        """;
}
