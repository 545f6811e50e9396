using System.Globalization;
using System.Text;
using LongContext.Data;
using LongContext.Data.Making;
using LongContext.Data.Reading;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Needles;

/// <summary>Many pairs of random keys and values, and the question what the value of one key is, with that pair at different depths.</summary>
/// <remarks>
/// Liu et al. 2023, "Lost in the Middle" (arXiv 2307.03172), key-value retrieval, with the prompts, numbers and score of nelson-liu/lost-in-the-middle 29b8a6d.
/// </remarks>
public sealed class KeyValueTask : AnswerTask, ISizedTask, IPartedTask
{
    private const int OfficialItemsPerCell = 500;

    private readonly KeyValueTaskOptions options;
    private readonly KeyValueRecord[] records;
    private readonly int[] pairCounts;

    /// <summary>Makes a task.</summary>
    /// <param name="options">How many pairs, and where the asked one stands. Default: the paper's, made from the seed.</param>
    /// <exception cref="ArgumentException">An option is out of its range; the message names all that are.</exception>
    /// <exception cref="FileNotFoundException">There is no such file.</exception>
    /// <exception cref="DataFormatException">A file is not in the form expected; the message names file, line and field.</exception>
    public KeyValueTask(KeyValueTaskOptions? options = null)
    {
        this.options = options ?? new KeyValueTaskOptions();
        this.options.Validate();
        records = this.options.Files.Count == 0 ? [] : Read(this.options.Files, this.options.ItemsPerCell);
        pairCounts = [.. this.options.EffectivePairCounts];
        Lengths = [.. this.options.Lengths];
        Parts = [.. CreateParts()];
        Identity = Settings.Text(
            Name, this.options.Seed, pairCounts, Lengths, this.options.Depths.Count > 0 ? this.options.Depths : "the paper's", this.options.ItemsPerCell, this.options.QueryAware ? 1 : 0, this.options.MaximumNewTokens,
            this.options.TemplateTokens, records.Select(record => record.Asked + string.Concat(record.Pairs)));
    }

    /// <inheritdoc />
    public override string Name => options.Name;

    /// <inheritdoc />
    public override string Identity { get; }

    /// <inheritdoc />
    public override IReadOnlyList<string> Deviations =>
    [
        .. TaskDeviations.Where(records.Length == 0, "pairs made from a seed in place of the files"),
        .. TaskDeviations.Number(options.ItemsPerCell, OfficialItemsPerCell, "items of each cell"),
        .. TaskDeviations.Where(Lengths.Count > 0, "as many pairs as fit into lengths in tokens"),
        .. TaskDeviations.Where(pairCounts.Except(KeyValuePositions.PairCounts).Any(), "other numbers of pairs than the paper's"),
        .. TaskDeviations.Where(options.Depths.Count > 0, "other positions than the paper's"),
    ];

    /// <inheritdoc />
    public override int? ItemCount => Parts.Sum(part => part.Count);

    /// <summary>The lengths of the options; numbers of pairs have none.</summary>
    public IReadOnlyList<int> Lengths { get; }

    string IPartedTask.PartName => Lengths.Count == Parts.Count ? "length" : "pair count";

    IReadOnlyList<ItemPart> IPartedTask.Parts => Parts;

    private IReadOnlyList<ItemPart> Parts { get; }

    int ISizedTask.TemplateTokens => options.TemplateTokens;

    /// <inheritdoc />
    /// <exception cref="ArgumentException">Two pairs are longer than a length; thrown when that item is reached.</exception>
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Parts.SelectMany(part => part.CreateItems(tokenizer));
    }

    /// <inheritdoc />
    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 1);
        return Enumerable.Range(0, options.ItemsPerCell).SelectMany(i =>
        {
            Func<int, KeyValueRecord> row = Row(length, i);
            int most = length - options.TemplateTokens - options.MaximumNewTokens;
            string Whole(int count) => Prompt(row(count), 0).Text;
            double perPair = (tokenizer.CountTokens(Whole(10)) - tokenizer.CountTokens(Whole(2))) / 8.0;
            PromptSizer.Sized sized = PromptSizer.Largest(tokenizer, most, 2, Whole, Math.Max(1, perPair), length / 400)
                ?? throw LengthFault.Create(
                    $"Two pairs and the question have more than {most} tokens; expected a length that holds them.", tokenizer.CountTokens(Whole(2)) + options.TemplateTokens + options.MaximumNewTokens, nameof(length));
            // The same pairs in another order may have some tokens more.
            return Enumerable.Range(0, Positions(sized.Words, length).Count).Select(number =>
            {
                int count = sized.Words, tokens;
                while ((tokens = tokenizer.CountTokens(Prompt(row(count), Positions(count, length)[number].Place).Text)) > most && count > 2) count--;
                (int place, double depth) = Positions(count, length)[number];
                return Item(row(count), place, depth, i, length, tokens);
            });
        });
    }

    /// <summary>1 if the answer holds the value, upper and lower case alike, else 0.</summary>
    /// <param name="item">The item.</param>
    /// <param name="answer">What the model said.</param>
    public override ItemScore Score(EvaluationItem item, string answer)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(answer);
        return new ItemScore(PythonText.ToLower(answer).Contains(PythonText.ToLower(item.Answer), StringComparison.Ordinal) ? 1 : 0);
    }

    /// <summary>The mean of all scores times 100, named score, then of each group (a number of pairs, or a length) at each depth, such as "140 pairs at 34".</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results) =>
        [.. base.Summarize(results), .. results.GroupBy(result => (result.Group, result.Depth)).Select(group => new TaskFigure(
            string.Create(CultureInfo.InvariantCulture, $"{group.Key.Group} at {(group.First().Length is null ? group.First().Properties.GetValueOrDefault("position") : group.Key.Depth)}"),
            100 * group.Average(result => result.Score!.Value)))];

    private static KeyValueRecord[] Read(IReadOnlyList<string> files, int samples)
    {
        using RecordSource<KeyValueRecord> source = RecordSource.FromFiles(files, KeyValueRecord.Read);
        Dictionary<int, int> taken = [];
        List<KeyValueRecord> records = [];
        while (source.Next() is { } record)
        {
            int count = taken[record.Pairs.Count] = taken.GetValueOrDefault(record.Pairs.Count) + 1;
            if (count <= samples) records.Add(record);
        }

        return records.Count > 0 ? [.. records] : throw new DataFormatException(source.Files[0], null, "it holds no record.");
    }

    /// <summary>An item's pairs, the same from the first on however many.</summary>
    private Func<int, KeyValueRecord> Row(int size, int index)
    {
        RandomValues values = new(ValueSplit.Evaluation, new SplitMix64(options.Seed, ((long)size << 24) + index));
        List<KeyValuePair<string, string>> pairs = [];
        return count =>
        {
            while (pairs.Count < count) pairs.Add(new(values.Next(NeedleKind.Uuids), values.Next(NeedleKind.Uuids)));
            return new KeyValueRecord(pairs.GetRange(1, count - 1), pairs[0]);
        };
    }

    private IReadOnlyList<(int Place, double Depth)> Positions(int pairs, int? length) => KeyValuePositions.Of(pairs, options.Depths, length is not null);

    /// <summary>The files' records, or rows from the seed, by the number of pairs; then the lengths.</summary>
    private IEnumerable<ItemPart> CreateParts() =>
    [
        .. records.Select((record, i) => (record, i)).GroupBy(pair => pair.record.Pairs.Count + 1)
            .Select(group => new ItemPart(null, group.Count() * Positions(group.Key, null).Count, _ => group.SelectMany(pair => Items(pair.record, pair.i)))),
        .. pairCounts.Select(count => new ItemPart(
            null, options.ItemsPerCell * Positions(count, null).Count, _ => Enumerable.Range(0, options.ItemsPerCell).SelectMany(i => Items(Row(count, i)(count), i)))),
        .. Lengths.Select(length => new ItemPart(length, options.ItemsPerCell * Positions(2, length).Count, tokenizer => CreateItems(tokenizer, length))),
    ];

    /// <summary>A row of pairs with each of its positions.</summary>
    private IEnumerable<EvaluationItem> Items(KeyValueRecord record, int index) =>
        Positions(record.Pairs.Count + 1, null).Select(position => Item(record, position.Place, position.Depth, index, null, null));

    private EvaluationPrompt Prompt(KeyValueRecord record, int place)
    {
        const string Instruction = "Extract the value corresponding to the specified key in the JSON object below.\n\n";
        StringBuilder json = new();
        foreach ((string key, string value) in record.At(place)) json.Append(json.Length == 0 ? "{" : ",\n ").Append('"').Append(key).Append("\": \"").Append(value).Append('"');
        string asked = $"Key: \"{record.Asked.Key}\"\n";
        return new EvaluationPrompt
        {
            Before = Instruction + (options.QueryAware ? asked + "\n" : "") + "JSON data:\n",
            Context = json.Append('}').ToString(),
            After = $"\n\n{asked}Corresponding value:",
            Query = record.Asked.Key,
        };
    }

    private EvaluationItem Item(KeyValueRecord record, int place, double depth, int index, int? length, int? tokens)
    {
        int count = record.Pairs.Count + 1;
        string group = length is { } known ? known.ToString(CultureInfo.InvariantCulture) : string.Create(CultureInfo.InvariantCulture, $"{count} pairs");
        return new EvaluationItem
        {
            Id = string.Create(CultureInfo.InvariantCulture, $"{group}-{index}-{depth}"),
            Prompt = Prompt(record, place),
            Answers = [record.Asked.Value],
            Settings = new AnswerSettings { MaximumNewTokens = options.MaximumNewTokens },
            PromptTokenCount = tokens,
            Length = length,
            Depth = depth,
            Group = group,
            Properties = new Dictionary<string, string> { ["pairs"] = count.ToString(CultureInfo.InvariantCulture), ["position"] = place.ToString(CultureInfo.InvariantCulture) },
        };
    }
}
