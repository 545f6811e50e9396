using System.Text;
using LongContext.Data;
using LongContext.Evaluation.Tasks.Records;

namespace LongContext.Evaluation.Tasks.Judging;

/// <summary>What a judge is asked: a text with places for question, reference, rated answers and the answer to rate.</summary>
/// <remarks>
/// Places are {question}, {reference}, {examples} and {answer}; {{ and }} stand for braces. Or they have no name, as in LongAlign's prompt_fs.txt: then they
/// are, in this order, the question, the reference, an answer and its rating for each example, and the answer. What is filled in is not looked at again.
/// </remarks>
public sealed class JudgePrompt
{
    private const string QuestionPlace = "question", ReferencePlace = "reference", ExamplesPlace = "examples", AnswerPlace = "answer", RatingPlace = "rating";
    private static readonly string[] Places = [QuestionPlace, ReferencePlace, ExamplesPlace, AnswerPlace];

    private readonly FormatString places;
    private readonly FormatString examplePlaces;

    /// <summary>A prompt of your own.</summary>
    /// <param name="text">The text with its places; {answer}, or as many places without a name as above, must be there.</param>
    /// <param name="system">The system message. Default: none.</param>
    /// <param name="exampleText">
    /// What stands in {examples} for each rated answer, with {answer} and {rating} in it. Default: the answer between marks and the rating in double brackets.
    /// </param>
    /// <exception cref="ArgumentException">The text is not of that form; the message says what is wrong with it.</exception>
    public JudgePrompt(string text, string? system = null, string? exampleText = null)
    {
        ArgumentNullException.ThrowIfNull(text);
        Text = text;
        System = system;
        ExampleText = exampleText ?? JudgeTexts.Example;
        places = FormatString.ParseOption(text, nameof(text), nameof(text), allowsUnnamed: true);
        examplePlaces = FormatString.ParseOption(ExampleText, nameof(exampleText), nameof(exampleText), allowsUnnamed: true);
        if (Fault() is { } fault) throw new ArgumentException(fault, nameof(text));
        if (examplePlaces.Names.Any(name => name is not (AnswerPlace or RatingPlace)))
            throw new ArgumentException($"The places of an example are {Listed(examplePlaces.Names)}, expected {{answer}} and {{rating}}.", nameof(exampleText));
    }

    /// <summary>
    /// Rates from 1 to 10 by correctness first, then helpfulness, accuracy and relevance, against the reference and beside rated answers, as LongBench-Chat
    /// does (Bai et al. 2024, arXiv:2401.18058). The words are the library's own; for the authors' load their prompt_fs.txt.
    /// </summary>
    public static JudgePrompt Default { get; } = new(JudgeTexts.Rating, JudgeTexts.RatingSystem);

    /// <summary>
    /// Rates 1, 3, 5, 7 or 10 by how far the answer is what the needle says, as the needle-in-a-haystack test does (gkamradt/LLMTest_NeedleInAHaystack). The
    /// steps are its authors', the words the library's own.
    /// </summary>
    public static JudgePrompt Needle { get; } = new(JudgeTexts.Needle, JudgeTexts.NeedleSystem);

    /// <summary>The text with its places.</summary>
    public string Text { get; }

    /// <summary>The system message, or null.</summary>
    public string? System { get; }

    /// <summary>What stands in {examples} for each rated answer.</summary>
    public string ExampleText { get; }

    /// <summary>How many rated answers the text has places for, or null where it takes any number.</summary>
    public int? ExampleCount => places.Names is ["", ..] ? (places.Names.Count - 3) / 2 : places.Names.Contains(ExamplesPlace) ? null : 0;

    /// <summary>The prompt of a file.</summary>
    /// <param name="path">A text file in UTF-8, such as LongAlign's prompt_fs.txt.</param>
    /// <param name="system">The system message. Default: the one LongBench-Chat's script has.</param>
    /// <exception cref="DataFormatException">The text is not of that form; the message names the file.</exception>
    public static JudgePrompt Load(string path, string? system = JudgeTexts.RatingSystem)
    {
        ArgumentException.ThrowIfNullOrEmpty(path);
        try
        {
            return new JudgePrompt(File.ReadAllText(path, new UTF8Encoding(encoderShouldEmitUTF8Identifier: false, throwOnInvalidBytes: true)), system);
        }
        catch (Exception fault) when (fault is ArgumentException)
        {
            // Of a text that is no UTF-8 too: such faults are arguments'.
            throw new DataFormatException(path, null, fault.Message.Split(" (Parameter")[0], fault);
        }
    }

    /// <summary>What the judge is asked about an answer.</summary>
    /// <param name="question">The question.</param>
    /// <param name="answer">The answer to rate.</param>
    /// <exception cref="ArgumentException">The text has places for another number of rated answers.</exception>
    public EvaluationPrompt Fill(JudgeQuestion question, string answer)
    {
        ArgumentNullException.ThrowIfNull(question);
        ArgumentNullException.ThrowIfNull(answer);
        return EvaluationPrompt.FromText(Filled(question, answer)) with { System = System };
    }

    /// <summary>What is wrong with a number of rated answers, or null.</summary>
    internal string? ExampleFault(int count) =>
        ExampleCount is { } expected && expected > 0 && expected != count ? $"there are {count} rated answers, but the judge's prompt has places for {expected}" : null;

    private string Filled(JudgeQuestion question, string answer)
    {
        if (ExampleFault(question.Examples.Count) is { } fault) throw new ArgumentException($"{char.ToUpperInvariant(fault[0])}{fault[1..]}.", nameof(question));
        if (places.Names is ["", ..])
        {
            string[] values = [question.Question, question.Reference, .. question.Examples.SelectMany(example => (string[])[example.Answer, Rating(example)]).Take(places.Names.Count - 3), answer];
            return places.Fill((_, index) => values[index]);
        }

        return places.Fill((name, _) => name switch
        {
            QuestionPlace => question.Question,
            ReferencePlace => question.Reference,
            AnswerPlace => answer,
            _ => string.Concat(question.Examples.Select(example => examplePlaces.Fill((part, _) => part == AnswerPlace ? example.Answer : Rating(example)))),
        });
    }

    private string? Fault()
    {
        IReadOnlyList<string> names = places.Names;
        int unnamed = names.Count(name => name.Length == 0);
        if (unnamed == 0)
        {
            if (names.FirstOrDefault(name => !Places.Contains(name)) is { } strange) return $"There is a place {{{strange}}}, expected {Listed(Places)}.";
            return names.Contains(AnswerPlace) ? null : "There is no place {answer} for the answer to rate.";
        }

        if (unnamed < names.Count) return "Some places have names and some have none, expected one or the other.";
        return unnamed >= 3 && unnamed % 2 == 1 ? null
            : FormattableString.Invariant($"There are {unnamed} places without a name, expected the question, the reference, an answer and a rating for each example, and the answer: 3, 5, 7, …");
    }

    private static string Rating(RatedAnswer example) => example.Rating.ToString("R", global::System.Globalization.CultureInfo.InvariantCulture);

    private static string Listed(IEnumerable<string> names) => string.Join(", ", names.Select(name => $"{{{name}}}"));
}
