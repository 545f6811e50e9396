using System.Globalization;
using LongContext.Data;
using LongContext.Data.Making;

namespace LongContext.Evaluation.Tasks.Ruler;

/// <summary>
/// Question answering (qa.py): a question's own documents among others in random order. Unlike there, where one more document would be too long and more than 1 % would be left, a part of
/// it fills the length.
/// </summary>
internal sealed class RulerAnswering(RulerQuestions questions, string source, int seed) : RulerGenerator
{
    private const int Attempts = 8;
    private const string Instruction = "Answer the question based on the given documents. Only give me the answer and do not output any other words.\n\n";
    private const string Before = Instruction + "The following are given documents.\n\n";
    private const string Prefix = " Answer:";

    public override int NewTokens => 32;

    public override bool AnyAnswerCounts => true;

    public override int MaximumItems => questions.Count;

    public override string Identity => Settings.Text("qa", seed, questions.Identity);

    public override IEnumerable<string> Deviations => TaskDeviations.Where(questions is RulerMadeUpQuestions, "made-up passages and questions");

    public override RulerDraft Make(RulerSize size, int index)
    {
        // A question whose own documents are too long for the length gives way to one from another part of the file.
        string? least = null;
        for (int attempt = 0; attempt < Attempts; attempt++)
        {
            int number = (int)((index + ((long)attempt * questions.Count / Attempts)) % questions.Count);
            if (TryMake(size, index, number, out string shortest) is { } draft) return draft;
            if (least is null || size.Tokenizer.CountTokens(shortest) < size.Tokenizer.CountTokens(least)) least = shortest;
        }

        throw size.TooShort("The question with its documents, and every other that was tried in its place,", least!);
    }

    private RulerDraft? TryMake(RulerSize size, int index, int number, out string shortest)
    {
        SplitMix64 random = new(seed, Number(size, index)), order = new(random.Next());
        RulerQuestion question = questions.Get(number);
        string after = "\n\n" + Instruction + "Question: " + question.Text;
        using DocumentRow row = new(question.Own, questions.Distractors(question, number, random), source);
        int own = question.Own.Count;
        double PerDocument(int count) => Math.Max(1, size.Tokenizer.CountTokens(Context(row, own + count, order)) / (double)(own + count));
        string Whole(string context) => Before + context + after + Prefix;
        shortest = Whole(Context(row, own, order));
        double guess = PerDocument(4);
        if ((int)(size.PromptTokens / (16 * guess)) is > 4 and var sample) guess = PerDocument(sample);
        if (PromptSizer.Largest(size.Tokenizer, size.PromptTokens, own, count => Whole(Context(row, count, order)), guess, size.Slack) is not { } sized) return null;

        string context = Context(row, sized.Words, order);
        int tokens = sized.Tokens, documents = sized.Words;
        if (size.IsShort(tokens))
        {
            PromptSizer.Sized filled = PromptSizer.Largest(size.Tokenizer, size.PromptTokens, 0, words => Whole(Context(row, sized.Words, order, words)), 1.5, size.Slack)!.Value;
            if (filled.Words > 0) (context, tokens, documents) = (Context(row, sized.Words, order, filled.Words), filled.Tokens, documents + 1);
        }

        return new RulerDraft
        {
            Before = Before,
            Context = context,
            After = after,
            AnswerPrefix = Prefix,
            Answers = question.Answers,
            Tokens = tokens,
            Depth = own == 1 && documents > 1 ? Array.IndexOf(Order(documents, order), 0) / (documents - 1.0) : null,
            Properties = new Dictionary<string, string>
            {
                ["source"] = source,
                ["question"] = number.ToString(CultureInfo.InvariantCulture),
                ["documents"] = documents.ToString(CultureInfo.InvariantCulture),
            },
        };
    }

    /// <summary>So many documents, and of the next one so many words.</summary>
    private static string Context(DocumentRow row, int count, SplitMix64 order, int words = 0)
    {
        List<string> documents = row.Take(count);
        if (words > 0) documents.Add(Beginning(row.Take(count + 1)[^1], words));
        return string.Join("\n\n", Order(documents.Count, order).Select((document, i) => string.Create(CultureInfo.InvariantCulture, $"Document {i + 1}:\n{documents[document]}")));
    }

    private static string Beginning(string document, int words)
    {
        List<Range> ranges = TextUnits.Words(document);
        // A whole document is too long, or it would be one of the others.
        return words >= ranges.Count ? document + string.Concat(Enumerable.Repeat(" " + document, words / ranges.Count)) : document[..ranges[words - 1].End];
    }

    private static int[] Order(int count, SplitMix64 random)
    {
        int[] order = [.. Enumerable.Range(0, count)];
        random.Shuffle(order.AsSpan());
        return order;
    }

    /// <summary>A question's own documents, then others, as many as are asked for.</summary>
    private sealed class DocumentRow(IReadOnlyList<string> own, IEnumerable<string> others, string source) : IDisposable
    {
        private readonly List<string> documents = [.. own];
        private readonly IEnumerator<string> rest = others.GetEnumerator();

        public List<string> Take(int count)
        {
            while (documents.Count < count)
            {
                if (!rest.MoveNext()) throw new ArgumentException($"{source} has no document beside a question's own, expected some to put beside them.");
                documents.Add(rest.Current);
            }

            return documents.GetRange(0, count);
        }

        public void Dispose() => rest.Dispose();
    }
}
