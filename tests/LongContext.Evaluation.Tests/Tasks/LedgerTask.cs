using LongContext.Evaluation.Tasks.Records;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks;

/// <summary>Who paid an invoice, among as many others as fit: a sized task of one's own, by public members alone.</summary>
internal sealed class LedgerTask(int itemsPerCell = 20) : AnswerTask, ISizedTask
{
    private const int NewTokens = 16;
    private static readonly double[] Depths = [0, 0.25, 0.5, 0.75, 1];

    public override string Name => "ledger";

    public override string Identity => $"ledger 1, {itemsPerCell}"; // another one whenever items or scores change

    public IReadOnlyList<int> Lengths => [2_048, 4_096, 8_192];

    public int TemplateTokens => 64;

    public override int? ItemCount => Lengths.Count * Depths.Length * itemsPerCell;

    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) => Lengths.SelectMany(length => CreateItems(tokenizer, length));

    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length) =>
        DepthOrder.Of(Depths.Length, itemsPerCell).Select(cell => Create(tokenizer, length, Depths[cell.Depth], cell.Version));

    public override ItemScore Score(EvaluationItem item, string answer) => AnswerMetrics.ContainsWords.Score(item, answer);

    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) => LengthFigures.Of(results);

    private EvaluationItem Create(Tokenizer tokenizer, int length, double depth, int version)
    {
        int Customer(int line) => 1_000 + (int)(((line * 7_919L) + (version * 104_729L)) % 9_000);
        EvaluationPrompt Prompt(int lines) => new()
        {
            Context = string.Join('\n', Enumerable.Range(0, lines).Select(line => $"Invoice {line} was paid by customer {Customer(line)}.")),
            After = $"\n\nWho paid invoice {(int)(depth * (lines - 1))}? Answer with the customer's number alone.",
        };
        int count = PromptFilling.MostParts(tokenizer, length - NewTokens - TemplateTokens, lines => Prompt(lines).Text);
        return new EvaluationItem
        {
            Id = FormattableString.Invariant($"{length}-{depth}-{version}"),
            Prompt = Prompt(count),
            Answers = [$"{Customer((int)(depth * (count - 1)))}"],
            Settings = new AnswerSettings { MaximumNewTokens = NewTokens },
            Length = length,
            Depth = depth,
        };
    }
}
