using System.Globalization;
using LongContext.Data;
using LongContext.Data.Caching;
using LongContext.Data.Reading;
using LongContext.Evaluation.Metrics;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Tasks.Likelihood;

/// <summary>Perplexity of a user's texts in windows of several lengths: what long context is worth to a model, and where it breaks.</summary>
/// <remarks>
/// <para>The sliding windows of Press et al. 2022 (arXiv 2108.12409, §B), as transformers' guide to perplexity computes them and as Chen et al. 2023 (position interpolation,
/// arXiv 2306.15595: stride 256) report PG-19: a window moves by a stride, and only those tokens count that no window before it had. By default windows stand
/// side by side.</para>
/// <para>An item is a document at a length; its score is the perplexity of its tokens. Details: nats, tokens, bytes, words, windows. <see cref="Summarize"/> adds up nats and
/// tokens of all documents, so that a figure is that of the corpus and not a mean of perplexities. Words are those apart at white space: the perplexity per word, by which PG-19 and
/// GPT-2's figures are reported, and that per byte compare models with different tokenizers.</para>
/// <para>It needs a client that scores text (<see cref="ITokenScorer"/>), for example this library's own models. The strategies of a run do not apply, and it is evaluated once, whatever there are.</para>
/// </remarks>
public sealed class PerplexityTask : EvaluationTask, ISizedTask
{
    private readonly Func<IEnumerable<PerplexityDocument>> documents;
    private readonly PerplexityTaskOptions options;
    private readonly Lazy<string> identity;

    /// <summary>A task of documents that are there.</summary>
    /// <param name="documents">The documents, at least one, no id twice.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <exception cref="ArgumentException">There is no document, one has no text or another's id, or an option cannot be used.</exception>
    public PerplexityTask(IReadOnlyList<PerplexityDocument> documents, PerplexityTaskOptions? options = null)
        : this(() => documents, () => ItemsIdentity.Of(documents.SelectMany(document => new[] { document.Id, document.Text })), options)
    {
        ArgumentNullException.ThrowIfNull(documents);
        ItemCount = this.options.MinimumTokens is null ? documents.Count * this.options.Lengths.Count : null;
        if (documents.Count == 0) throw new ArgumentException("There is no document, expected at least one.", nameof(documents));
        HashSet<string> ids = new(StringComparer.Ordinal);
        foreach (PerplexityDocument document in documents)
        {
            if (!ids.Add(document.Id)) throw new ArgumentException($"The id \"{document.Id}\" stands there twice.", nameof(documents));
            if (string.IsNullOrEmpty(document.Text)) throw new ArgumentException($"The document \"{document.Id}\" has no text.", nameof(documents));
        }
    }

    private PerplexityTask(Func<IEnumerable<PerplexityDocument>> documents, Func<string> content, PerplexityTaskOptions? options)
    {
        this.options = options ?? new PerplexityTaskOptions();
        this.options.Validate();
        this.documents = documents;
        identity = new Lazy<string>(() => Describe(content()));
    }

    /// <inheritdoc />
    public override string Name => options.Name;

    /// <inheritdoc />
    public override string Identity => identity.Value;

    /// <inheritdoc />
    public override bool LowerIsBetter => true;

    /// <inheritdoc />
    public override int? ItemCount { get; }

    /// <summary>False: nothing is generated, and the text is scored as it is.</summary>
    public override bool UsesStrategies => false;

    /// <inheritdoc />
    public IReadOnlyList<int> Lengths => options.Lengths;

    /// <summary>A task of the texts in files, read anew each time items are made.</summary>
    /// <param name="patterns">Files, folders and patterns, as <see cref="DataFiles.Find"/> takes them. A text file is one document, a file of records has one in each.</param>
    /// <param name="options">Null for all defaults.</param>
    /// <param name="field">The field of a record that holds the text. Default: text.</param>
    /// <exception cref="ArgumentException">Patterns or options are at fault; the message lists all faults.</exception>
    /// <exception cref="FileNotFoundException">Patterns that match nothing.</exception>
    /// <remarks>While items are made, <see cref="DataFormatException"/> tells of a file, line and field that is not what it must be.</remarks>
    public static PerplexityTask Load(IReadOnlyList<string> patterns, PerplexityTaskOptions? options = null, string field = "text")
    {
        ArgumentException.ThrowIfNullOrEmpty(field);
        IReadOnlyList<string> files = DataFiles.Find(patterns);
        return new PerplexityTask(() => Read(files, field), () => string.Join("; ", DataFileIdentity.OfAll(files, DataFileStamp.Content)) + "; " + field, options);
    }

    /// <summary>Each document at each length.</summary>
    /// <param name="tokenizer">The model's tokenizer.</param>
    public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        return Items(tokenizer, options.Lengths);
    }

    /// <inheritdoc />
    public IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer, int length)
    {
        ArgumentNullException.ThrowIfNull(tokenizer);
        ArgumentOutOfRangeException.ThrowIfLessThan(length, 2);
        return Items(tokenizer, [length]);
    }

    /// <inheritdoc />
    /// <exception cref="NotSupportedException">The model's client scores no text.</exception>
    /// <exception cref="PromptTooLongException">A window is longer than the model's.</exception>
    public override async ValueTask<ItemScore> EvaluateAsync(EvaluationItem item, IModelSession session, CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(item);
        ArgumentNullException.ThrowIfNull(session);
        int length = item.Length ?? throw new ArgumentException($"The item \"{item.Id}\" has no length, expected that of its windows.", nameof(item));
        ITokenScorer scorer = Scorers.Of(session.Model);
        TokenBorders text = TokenBorders.Of(scorer.Tokenizer, item.Prompt.Text);
        int tokens = Math.Min(text.Ids.Length, options.MaximumTokens ?? int.MaxValue);
        PerplexityAccumulator sum = new();
        int windows = 0;
        long words = 0;
        foreach ((PerplexityWindow window, int[] read) in Windows(text, tokens, length, scorer.BeginningOfSentenceTokenId).Take(options.MaximumWindows ?? int.MaxValue))
        {
            if (read.Length > scorer.ContextLength) throw new PromptTooLongException(
                $"A window has {read.Length} tokens, but {scorer.ContextLength} fit into the model \"{session.Model.Name}\".");
            // What is read ends where the window does, whatever stands before it.
            int counted = window.End - window.Scored;
            IReadOnlyList<float> scores = await scorer.LogProbabilitiesAsync(read, read.Length - counted, cancellationToken).ConfigureAwait(false);
            foreach (float score in scores) sum.Add(-score, tokenCount: 1);
            sum.Add(0, tokenCount: 0, text.ByteCount(window.Scored, window.End));
            words += text.WordCount(window.Scored, window.End);
            windows++;
        }

        if (sum.TokenCount == 0) throw new InvalidOperationException($"The document of \"{item.Id}\" has {tokens} tokens, too few for one to be predicted.");
        return new ItemScore(sum.Perplexity)
        {
            Details = new Dictionary<string, double>
            {
                ["nats"] = sum.TotalNats,
                ["tokens"] = sum.TokenCount,
                ["bytes"] = sum.ByteCount,
                ["words"] = words,
                ["windows"] = windows,
            },
        };
    }

    /// <summary>The perplexity of all documents together: nats and tokens added up.</summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override double? Combine(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        return Math.Exp(results.Sum(result => result.Details["nats"]) / results.Sum(result => result.Details["tokens"]));
    }

    /// <summary>
    /// Of all documents together, for each length: perplexity (per token), word_perplexity, byte_perplexity and bits_per_byte, each with @ and the
    /// length after it.
    /// </summary>
    /// <param name="results">Results of one model and one strategy that have a score.</param>
    public override IReadOnlyList<TaskFigure> Summarize(IReadOnlyList<ItemResult> results)
    {
        ArgumentNullException.ThrowIfNull(results);
        List<TaskFigure> figures = [];
        foreach (IGrouping<int?, ItemResult> group in results.GroupBy(result => result.Length).OrderBy(group => group.Key))
        {
            double nats = Sum("nats"), bytes = Sum("bytes");
            Add("perplexity", Math.Exp(nats / Sum("tokens")));
            Add("word_perplexity", Math.Exp(nats / Sum("words")));
            Add("byte_perplexity", Math.Exp(nats / bytes));
            Add("bits_per_byte", nats / bytes / Math.Log(2));

            double Sum(string name) => group.Sum(result => result.Details[name]);

            // Nothing to divide by, or more than a number holds, is no figure.
            void Add(string name, double value) =>
                figures.Add(new TaskFigure(string.Create(CultureInfo.InvariantCulture, $"{name}@{group.Key}"), double.IsFinite(value) ? value : null));
        }

        return figures;
    }

    /// <summary>Windows with the tokens that the model reads.</summary>
    private IEnumerable<(PerplexityWindow Window, int[] Read)> Windows(TokenBorders text, int tokens, int length, int? beginning)
    {
        int stride = options.Stride ?? length;
        ReadOnlyMemory<int> ids = text.Ids.AsMemory(0, tokens);
        if (beginning is not { } special || options.Beginning == WindowBeginning.Nowhere)
            return PerplexityWindow.Over(tokens, length, stride, predictsFirst: false, options.KeepsPartialWindow).Select(window => (window, ids[window.Begin..window.End].ToArray()));
        if (options.Beginning == WindowBeginning.EveryWindow)
        {
            // The special token takes the place of one token; side by side, windows have the text alone side by side.
            return PerplexityWindow.Over(tokens, length - 1, options.Stride ?? (length - 1), predictsFirst: true, options.KeepsPartialWindow)
                .Select(window => (window, (int[])[special, .. ids.Span[window.Begin..window.End]]));
        }

        // Windows over the special token and the text; counted in tokens of text, the special one is number -1.
        int[] whole = [special, .. ids.Span];
        return PerplexityWindow.Over(whole.Length, length, stride, predictsFirst: false, options.KeepsPartialWindow)
            .Select(window => (new PerplexityWindow(window.Begin - 1, window.Scored - 1, window.End - 1), whole[window.Begin..window.End]));
    }

    private IEnumerable<EvaluationItem> Items(Tokenizer tokenizer, IReadOnlyList<int> lengths)
    {
        foreach (PerplexityDocument document in documents())
        {
            if (options.MinimumTokens is { } least && tokenizer.CountTokens(document.Text) < least) continue;
            foreach (int length in lengths)
            {
                yield return new EvaluationItem
                {
                    Id = string.Create(CultureInfo.InvariantCulture, $"{document.Id}@{length}"),
                    Prompt = new EvaluationPrompt { Context = document.Text, Style = PromptStyle.Completion },
                    Answers = [],
                    Length = length,
                    Properties = new Dictionary<string, string> { ["document"] = document.Id },
                };
            }
        }
    }

    private string Describe(string content) => string.Create(
        CultureInfo.InvariantCulture,
        $"perplexity by windows; lengths {string.Join(' ', options.Lengths)}; stride {options.Stride}; beginning {options.Beginning}; tokens {options.MinimumTokens} to {options.MaximumTokens}; " +
        $"windows {options.MaximumWindows}; partial {options.KeepsPartialWindow}; {content}");

    private static IEnumerable<PerplexityDocument> Read(IReadOnlyList<string> files, string field)
    {
        HashSet<string> names = new(StringComparer.Ordinal);
        for (int i = 0; i < files.Count; i++)
        {
            // Files of one name in several folders are told apart by their place in the list, which is the same on every machine.
            string name = Path.GetFileName(files[i]);
            if (!names.Add(name)) names.Add(name = string.Create(CultureInfo.InvariantCulture, $"{i + 1}/{name}"));
            int number = 0;
            foreach (string text in TextDocuments.Read(files[i], field))
                yield return new PerplexityDocument(string.Create(CultureInfo.InvariantCulture, $"{name}:{++number}"), text);
        }
    }
}
