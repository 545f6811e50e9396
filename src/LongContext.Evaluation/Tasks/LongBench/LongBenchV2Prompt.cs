using LongContext.Data;
using LongContext.Evaluation.Metrics;

namespace LongContext.Evaluation.Tasks.LongBench;

/// <summary>A prompt of LongBench v2: a file with the places $DOC$, $Q$, $C_A$ to $C_D$ and $COT$.</summary>
/// <remarks>
/// Places are filled one after the other, in the script's order, and what was filled in is looked at again: "$Q$" in a document, as formulas have it, becomes the question, as
/// it does in pred.py.
/// </remarks>
internal sealed class LongBenchV2Prompt
{
    private const string Document = "$DOC$";

    private readonly string before;
    private readonly string after;

    private LongBenchV2Prompt(string text, string before, string after) => (Text, this.before, this.after) = (text, before, after);

    /// <summary>The file's text.</summary>
    public string Text { get; }

    /// <summary>Reads a prompt.</summary>
    /// <param name="path">The file.</param>
    /// <param name="hasDocument">Whether the text is to be in it.</param>
    /// <param name="others">Places that must be in it.</param>
    /// <exception cref="FileNotFoundException">It is not there.</exception>
    /// <exception cref="DataFormatException">A place is missing, or there is one too many.</exception>
    public static LongBenchV2Prompt Read(string path, bool hasDocument, params ReadOnlySpan<string> others)
    {
        if (!File.Exists(path))
            throw new FileNotFoundException($"There is no {path}. Expected the files of LongBench v2's folder \"prompts\" (github.com/THUDM/LongBench); name where they are as {nameof(LongBenchV2Options.PromptFolder)}.");
        // Python reads text with every kind of line end as a line feed.
        string text = File.ReadAllText(path).ReplaceLineEndings("\n");
        foreach (string place in others)
        {
            if (!text.Contains(place, StringComparison.Ordinal)) throw new DataFormatException(path, null, $"the place {place} is missing.");
        }

        string[] parts = text.Split(Document);
        if (hasDocument ? parts.Length != 2 : parts.Length != 1)
            throw new DataFormatException(path, null, FormattableString.Invariant($"the place {Document} occurs {parts.Length - 1} times, expected {(hasDocument ? "once" : "none: this prompt is asked without the text")}."));
        return hasDocument ? new LongBenchV2Prompt(text, parts[0], parts[1]) : new LongBenchV2Prompt(text, "", text);
    }

    /// <summary>The prompt with a question in it.</summary>
    /// <param name="question">The question.</param>
    /// <param name="document">Its text, or what stands for it.</param>
    /// <param name="thoughts">What the model thought, or null where it was not asked to.</param>
    public EvaluationPrompt Fill(LongBenchV2Question question, string document, string? thoughts = null)
    {
        (string Place, string Value)[] values =
        [
            ("$Q$", Words.Trim(question.Question)),
            .. question.Choices.Select((choice, i) => ($"$C_{(char)('A' + i)}$", Words.Trim(choice))),
        ];
        if (thoughts is not null) values = [.. values, ("$COT$", thoughts)];
        return new EvaluationPrompt
        {
            Before = Filled(before),
            Context = Filled(Words.Trim(document)),
            After = Filled(after),
            Query = question.Question,
            Truncation = PromptTruncation.MiddleJoined,
        };

        string Filled(string text)
        {
            foreach ((string place, string value) in values) text = text.Replace(place, value, StringComparison.Ordinal);
            return text;
        }
    }
}
