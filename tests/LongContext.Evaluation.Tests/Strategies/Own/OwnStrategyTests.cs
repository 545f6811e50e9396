using LongContext.Evaluation.Runs;
using LongContext.Evaluation.Strategies.Compression;
using LongContext.Evaluation.Strategies.Retrieval;
using LongContext.Evaluation.Support;
using LongContext.Evaluation.Tasks;
using Microsoft.ML.Tokenizers;

namespace LongContext.Evaluation.Strategies.Own;

public class OwnStrategyTests
{
    private const string Context = "one one\n\ntwo two two\n\nthree";

    [Fact]
    public async Task RunAsync_StrategiesOfOnesOwn_StandInTheReport()
    {
        ScriptedClient client = new(text => text);
        EvaluationModel model = new() { Name = "echo", Client = client, Tokenizer = PieceTokenizer.WordLevel };
        IContextStrategy[] strategies =
        [
            new FullContextStrategy(),
            new FirstParagraphsStrategy(1),
            new CompressionStrategy(new LongLinesCompressor(), ContextBudget.OfTokens(3)),
            new RetrievalStrategy(new LastPassagesRetriever(), new RetrievalOptions { Count = 1, Chunking = new ChunkingOptions { Size = 15 } }),
        ];
        EvaluationReport report = await new EvaluationRunner().RunAsync([model], [new Words()], strategies, cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(
            [Context + " how?", "one one how?", "two two two how?", "three how?"],
            report.Items.Select(item => item.Answer));
        Assert.Equal(["full context", "first 1 paragraphs", "compression long lines 3 tokens", "retrieval last k=1 chunk=15"], report.Items.Select(item => item.Strategy));
        Assert.Equal(3, report.Items[1].Details["paragraphs"]);
        Assert.Equal(3, report.Items[2].Details[StrategyDetails.KeptTokens]);
    }

    [Fact]
    public async Task RunAsync_StrategyThatWaitsAndCosts_CountsItsWorkAndItsCost()
    {
        FakeTime time = new();
        EvaluationModel model = new() { Name = "echo", Client = new ScriptedClient(text => text), Tokenizer = PieceTokenizer.WordLevel, Price = new ModelPrice(1_000_000, 0) };
        EvaluationReport report = await new EvaluationRunner(new EvaluationRunOptions { TimeProvider = time })
            .RunAsync([model], [new Words()], [new Waiting(time)], cancellationToken: TestContext.Current.CancellationToken);
        Assert.Equal(TimeSpan.FromSeconds(2), report.Items[0].Duration);
        Assert.Equal(report.Items[0].InputTokens + 0.25m, report.Items[0].Cost);
    }

    [Fact]
    public async Task RunAsync_StrategyWhosePriceNobodyKnows_CostIsUnknown()
    {
        EvaluationModel model = new() { Name = "echo", Client = new ScriptedClient(text => text), Tokenizer = PieceTokenizer.WordLevel, Price = new ModelPrice(1_000_000, 0) };
        LetterScorer scorer = new(PieceTokenizer.WordLevel, (_, _) => -1);
        EvaluationModel small = model with { Name = "small", Client = new ScoringClient(model.Client, scorer), Price = null };
        EmbeddingRetrieverOptions unknown = new(), free = new() { Name = "free", PricePerMillionTokens = 0 };
        ContextBudget budget = ContextBudget.OfTokens(3);
        RetrievalOptions one = new() { Count = 1, Chunking = new ChunkingOptions { Size = 15 } };
        (IContextStrategy Strategy, bool IsKnown)[] cases =
        [
            (new FullContextStrategy(), true),
            (new TruncationStrategy(budget: budget), true),
            (new RetrievalStrategy(new Bm25Retriever(), one), true),
            (new RetrievalStrategy(new EmbeddingRetriever(FakeEmbeddings.Letters(), unknown), one), false),
            (new RetrievalStrategy(new EmbeddingRetriever(FakeEmbeddings.Letters(), free), one), true),
            (new RetrievalStrategy(new HybridRetriever([new Bm25Retriever(), new EmbeddingRetriever(FakeEmbeddings.Letters(), unknown)]), one), false),
            (new RetrievalStrategy(new HybridRetriever([new Bm25Retriever(), new EmbeddingRetriever(FakeEmbeddings.Letters(), free)]), one), true),
            (new CompressionStrategy(new PerplexityCompressor("unknown", scorer), budget), false),
            (new CompressionStrategy(new PerplexityCompressor("free", scorer, new() { PricePerMillionTokens = 0 }), budget), true),
            (new CompressionStrategy(new PerplexityCompressor(small), budget), false),
            (new CompressionStrategy(new PerplexityCompressor(small with { Name = "priced", Price = new ModelPrice(0, 0) }), budget), true),
        ];
        EvaluationReport report = await new EvaluationRunner().RunAsync([model], [new Words()], [.. cases.Select(each => each.Strategy)], cancellationToken: TestContext.Current.CancellationToken);
        for (int i = 0; i < cases.Length; i++)
        {
            Assert.Equal((cases[i].Strategy.Name, ItemStatus.Scored), (report.Items[i].Strategy, report.Items[i].Status));
            Assert.Equal(cases[i].IsKnown ? report.Items[i].InputTokens : null, report.Items[i].Cost);
            Assert.Equal(report.Items[i].Cost, report.Tasks[i].Cost);
        }
    }

    /// <summary>Seven seconds pass, five of them in a queue.</summary>
    private sealed class Waiting(FakeTime time) : IContextStrategy
    {
        public string Name => "waiting";

        public string Identity => "waiting";

        public async ValueTask<PreparedPrompt> PrepareAsync(EvaluationPrompt prompt, StrategyContext context, CancellationToken cancellationToken = default)
        {
            await Task.Run(() => WaitingTime.Add(TimeSpan.FromSeconds(5)), cancellationToken);
            time.Advance(TimeSpan.FromSeconds(7));
            return new PreparedPrompt(prompt) { Cost = 0.25m };
        }
    }

    private sealed class Words : AnswerTask
    {
        public override string Name => "words";

        public override string Identity => "words";

        public override IEnumerable<EvaluationItem> CreateItems(Tokenizer tokenizer) =>
            [new EvaluationItem { Id = "1", Prompt = new EvaluationPrompt { Context = Context, After = " how?" }, Answers = [] }];

        public override ItemScore Score(EvaluationItem item, string answer) => new(1);
    }
}
