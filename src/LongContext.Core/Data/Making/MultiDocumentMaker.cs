using System.Globalization;
using LongContext.Data.Examples;

namespace LongContext.Data.Making;

/// <summary>Asks a question about many documents, one of which has the answer, at a chosen position: "Lost in the Middle".</summary>
/// <remarks>
/// Liu et al. 2023 (arXiv 2307.03172). As published, distractors are the most alike of the retrieved documents that do not have the answer, in their
/// order, and the gold document is put among them.
/// </remarks>
public sealed class MultiDocumentMaker
{
    private readonly MultiDocumentOptions options;

    /// <summary>Makes a maker.</summary>
    /// <param name="options">How many documents, and where the gold one stands. Default: 20, anywhere.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    public MultiDocumentMaker(MultiDocumentOptions? options = null)
    {
        this.options = options ?? new MultiDocumentOptions();
        this.options.Validate();
    }

    internal string Identity => Settings.Text(
        "documents", options.Seed, options.MinimumDocuments, options.MaximumDocuments, options.Placement, options.Form, options.Answer, options.ShuffleDistractors,
        options.Pool.Count, options.Pool.Take(64));

    /// <summary>Makes an example.</summary>
    /// <param name="question">The question.</param>
    /// <param name="number">The item's number; with the seed it decides how many documents and which position.</param>
    /// <returns>The prompt and its answer, which begins with a blank. Properties: goldPosition (from 0), documentCount.</returns>
    /// <exception cref="ArgumentException">The question and the pool have too few distractors.</exception>
    public PromptExample Make(MultiDocumentQuestion question, long number)
    {
        ArgumentNullException.ThrowIfNull(question);
        (List<PassageDocument> documents, int position) = Arrange(question, number);
        return Example(question, documents, position);
    }

    /// <summary>The documents of an example in their order, and where the gold one stands.</summary>
    internal (List<PassageDocument> Documents, int GoldPosition) Arrange(MultiDocumentQuestion question, long number)
    {
        SplitMix64 random = new(options.Seed, number);
        int count = options.MinimumDocuments + random.NextInt(options.MaximumDocuments - options.MinimumDocuments + 1);
        int position = options.Placement.Position(count, number, ref random);
        List<PassageDocument> documents = Distractors(question, count - 1, ref random);
        if (documents.Count < count - 1)
        {
            throw new ArgumentException(
                $"{question.Origin?.ToString() ?? "A question"}: {documents.Count} documents without the answer, expected {count - 1} (from its own and {options.Pool.Count} of {nameof(MultiDocumentOptions.Pool)}).",
                nameof(question));
        }

        documents.Insert(position, question.Gold);
        return (documents, position);
    }

    /// <summary>Makes an example of the documents that the file gives, in the file's order: the published data with their gold position.</summary>
    /// <param name="question">The question, with <see cref="MultiDocumentQuestion.Given"/>.</param>
    /// <exception cref="ArgumentException">The question has no documents of its own.</exception>
    public PromptExample MakeAsGiven(MultiDocumentQuestion question)
    {
        ArgumentNullException.ThrowIfNull(question);
        if (question.GivenGoldPosition < 0)
            throw new ArgumentException($"{question.Origin?.ToString() ?? "A question"}: the gold document is not among those of the file.", nameof(question));
        return Example(question, question.Given, question.GivenGoldPosition);
    }

    private PromptExample Example(MultiDocumentQuestion question, IReadOnlyList<PassageDocument> documents, int position)
    {
        string answer = " " + question.Answers[0];
        if (options.Answer == MultiDocumentAnswer.WithSource)
        {
            if (question.Evidence is { Length: > 0 } evidence) answer += "\nLong Answer: " + evidence;
            answer += FormattableString.Invariant($"\nGold Document ID: {position + 1}");
        }

        return new PromptExample(MultiDocumentPrompt.Write(question.Question, documents, options.Form), answer)
        {
            Origin = question.Origin,
            Properties = new Dictionary<string, string>
            {
                ["goldPosition"] = position.ToString(CultureInfo.InvariantCulture),
                ["documentCount"] = documents.Count.ToString(CultureInfo.InvariantCulture),
            },
        };
    }

    private List<PassageDocument> Distractors(MultiDocumentQuestion question, int count, ref SplitMix64 random)
    {
        List<PassageDocument> chosen = [.. question.Distractors.Take(count)];
        if (chosen.Count < count && options.Pool.Count > 0)
        {
            // From a drawn place on around the pool: each document at most once, and no list as long as the pool.
            HashSet<(string, string)> taken = [.. chosen.Append(question.Gold).Select(Words)];
            int start = random.NextInt(options.Pool.Count);
            for (int i = 0; i < options.Pool.Count && chosen.Count < count; i++)
            {
                PassageDocument document = options.Pool[(start + i) % options.Pool.Count];
                if (!HoldsAnswer(document, question) && taken.Add(Words(document))) chosen.Add(document);
            }
        }

        if (options.ShuffleDistractors) random.Shuffle(System.Runtime.InteropServices.CollectionsMarshal.AsSpan(chosen));
        return chosen;
    }

    /// <summary>A document without what was said of it, which depends on the question.</summary>
    private static (string Title, string Text) Words(PassageDocument document) => (document.Title, document.Text);

    private static bool HoldsAnswer(PassageDocument document, MultiDocumentQuestion question) => question.Answers.Any(answer =>
        document.Text.Contains(answer, StringComparison.OrdinalIgnoreCase) || document.Title.Contains(answer, StringComparison.OrdinalIgnoreCase));
}
